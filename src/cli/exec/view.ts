import type { RequestSummary } from '../../contract/requests.ts';
import type { ParsedCall } from '../command.ts';
import type { OutputSink } from './output-sink.ts';
import type { RunEnd } from './run.ts';
import type { TargetTracker } from './target-tracker.ts';

/** What a run shows of itself. */
export interface RunView extends Disposable {
  readonly sink: OutputSink;
  /** Requests are in a new state, or nodes are. */
  changed(requests: readonly RequestSummary[]): void;
  note(text: string): void;
  /** Shows how it ended. */
  finish(end: RunEnd): void | Promise<void>;
}

/** What views are made with. */
export interface ViewOptions {
  readonly call: Pick<ParsedCall, 'stdout' | 'stderr' | 'env' | 'options'>;
  readonly tracker: TargetTracker;
  readonly batch: string;
  readonly label: string;
  readonly isPrefixed: boolean;
  /** When the command is to run, in words, where that is not at once. */
  readonly later: string | undefined;
  readonly now: () => number;
}
