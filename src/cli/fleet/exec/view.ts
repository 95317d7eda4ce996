import type { RequestSummary } from '../../../contract/requests.ts';
import type { TargetTracker } from '../../../waves/target-tracker.ts';
import type { ParsedCall } from '../../line/command.ts';
import type { OutputSink } from './output-sink.ts';

/** How a run came to its end; `stopped` says why not all had their turn. */
export interface RunEnd {
  readonly isInterrupted: boolean;
  readonly stopped: string | undefined;
}

/** What a run shows of itself. */
export interface RunView extends Disposable {
  readonly sink: OutputSink;
  /** Requests are in a new state; without any, nodes are. */
  changed(requests: readonly RequestSummary[]): void | Promise<void>;
  /** Something to tell besides: the connection, what was refused. */
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
  /** Whether the same answers are shown once, at the end. */
  readonly isFolded: boolean;
  /** When the command is to run, in words, where that is not at once. */
  readonly later: string | undefined;
  readonly now: () => number;
}
