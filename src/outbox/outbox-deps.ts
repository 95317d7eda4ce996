import type { BodyFormat } from '../message/body-format.ts';
import type { Statement } from '../store/statement.ts';
import type { Store } from '../store/store.ts';

/** An answer as it came from the bus. */
export interface Answer {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly noResponders: boolean;
  header(name: string): string | undefined;
}

/** What the outbox needs of the bus. */
export interface Transport {
  readonly isConnected: boolean;
  readonly maxPayload: number;
  publish(
    subject: string,
    payload: Uint8Array,
    more: { reply: string; headers: Record<string, string> },
  ): boolean;
  subscribe(subject: string, handler: (answer: Answer) => void): Disposable & { ready(): Promise<void> };
}

/** What the outbox tells the ledger, as statements that commit together with its own. */
export interface LedgerStatements {
  queued(rows: readonly [key: number, id: string, batch: string | null, queuedAt: number][]): Statement;
  delivered(run: {
    first: number;
    last: number;
    state: 'accepted' | 'succeeded';
    sentAt: number;
    at: number;
    endedAt: number | null;
    reason: string | null;
  }): Statement;
  ended(keys: readonly number[], state: EndState, reason: string, at: number): Statement;
  attempted(key: number, attempts: number, sentAt: number): Statement;
  moved(first: number, last: number, offset: number): Statement;
}

/** How a message can end in the outbox. */
export type EndState = 'rejected' | 'expired' | 'undelivered' | 'cancelled';

/** A message that the outbox has done with, for good. */
export interface Ended {
  readonly subject: string;
  readonly id: string;
  readonly state: 'accepted' | 'succeeded' | EndState;
  readonly reason: string | null;
  readonly queuedAt: number;
  readonly sentAt: number | null;
  readonly acceptedAt: number | null;
  readonly endedAt: number;
  readonly attempts: number;
  readonly format: BodyFormat;
  readonly body: Uint8Array;
}

/** What the lanes to a node tell of it. */
export interface LaneSigns {
  answered(node: string, subject: string): void;
  /** The broker says that nobody listens there. */
  nobodyListens(node: string, subject: string): void;
  /** What was sent at a time was not answered within its ACKTimeout. */
  unanswered(node: string, sentAt: number): void;
}

export interface OutboxDeps {
  readonly store: Store;
  readonly transport: Transport;
  readonly ledger: LedgerStatements;
  readonly now: () => number;
  /** Ms on a clock that nobody sets: budgets are measured with it. */
  readonly monotonicNow: () => number;
  /** Whether an accepted message of this method needs nothing more, so that it has succeeded. */
  isDoneWhenAccepted(method: string): boolean;
  /** Called before the ends are written down; when it rejects, it is called again. */
  onEnded(ended: readonly Ended[]): Promise<void>;
  /** Called when it is written down that messages have ended. */
  onWritten?(ended: readonly { readonly id: string }[]): void;
  /** Called, with lists of them, when it is written down that messages have come to a new state. */
  onChanged?(changed: readonly (readonly { readonly id: string }[])[]): void;
  /** Told how lanes to a node fare. */
  readonly signs?: LaneSigns;
  /** Called for each run of messages that was taken at the target. */
  onDelivered(delivered: { method: string; count: number; waitedMs: number }): void;
  /** Called when an answer did not come in time, or nobody listened. */
  onMissedAnswer(): void;
  /** Called when so many messages wait because their target is away. */
  onStalled(count: number): void;
  /** Called with each new lane, which is to be started, and may be stopped and started again. */
  onLane(lane: LaneProcess): void;
  readonly logger: { warn(fields: object, text: string): void; debug(fields: object, text: string): void };
}

/** A lane as a unit of work: it sends while it is started. */
export interface LaneProcess {
  readonly subject: string;
  start(): Promise<AsyncDisposable & { readonly failed: Promise<Error> }>;
}
