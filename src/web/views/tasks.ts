import type { BatchSummary } from '../../contract/batch-summary.ts';
import type { DoctorFinding } from '../../contract/doctor.ts';
import type { NodeFile } from '../../contract/files.ts';
import type { NodePage } from '../../contract/nodes.ts';
import type { RequestSummary } from '../../contract/requests.ts';
import type { Role } from '../../contract/sessions.ts';
import type { RunForm } from '../state/run-form.ts';
import type { Question } from '../state/state.ts';

/** The newest requests and batches. */
export interface Recent {
  readonly requests: readonly RequestSummary[];
  readonly batches: readonly BatchSummary[];
}

/** What views have done. */
export interface Tasks {
  /** Does what was confirmed. */
  answer(question: Question): void;
  /** Checks a message without sending it, and says what would come of it. */
  check(form: RunForm): void;
  /** Has the browser make a passkey for this console. */
  makePasskey(name: string, role: Role): void;
  /** What doctor finds about the node that serves the page. Throws WebError with the sentence of the node. */
  examine(): Promise<readonly DoctorFinding[]>;
  /** A file of a node, whole. Throws WebError with the sentence of the node. */
  readFile(node: string, file: NodeFile): Promise<Blob>;
  /** Signs in with a passkey. */
  signIn(): void;
  /** How many nodes a target means. Throws WebError with the sentence of the node. */
  preview(target: string): Promise<Pick<NodePage, 'total' | 'presences'>>;
  /** The names of nodes that begin with a text; none where the node cannot be asked. */
  findNodes(text: string): Promise<readonly string[]>;
  /** The names of the groups of nodes; none where the node cannot be asked. */
  groups(): Promise<readonly string[]>;
  /** The newest requests and batches; none where the node cannot be asked. */
  recent(): Promise<Recent>;
}
