import type { NodePage } from '../../contract/nodes.ts';
import type { RunForm } from '../state/run-form.ts';
import type { Question } from '../state/state.ts';

/** What views have done. */
export interface Tasks {
  /** Does what was confirmed. */
  answer(question: Question): void;
  /** Checks a message without sending it, and says what would come of it. */
  check(form: RunForm): void;
  /** How many nodes a target means. Throws WebError with the sentence of the node. */
  preview(target: string): Promise<Pick<NodePage, 'total' | 'presences'>>;
}
