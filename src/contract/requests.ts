import type { RequestState } from './states.ts';

/** All times are ms since 1970 by the clock of the node that is asked, unless their name says `there`. */

/** A request in a list. */
export interface RequestSummary {
  readonly id: string;
  readonly batch: string | null;
  readonly node: string;
  readonly method: string;
  readonly state: RequestState;
  /** A sentence where the state alone does not say why. */
  readonly reason: string | null;
  readonly queuedAt: number;
  readonly sentAt: number | null;
  readonly acceptedAt: number | null;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** How long the run took, by the clock of the node that ran it; null where it never began or has not ended. */
  readonly tookMs: number | null;
  readonly attempts: number;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Bytes that the run printed, whether they are kept or not. */
  readonly outputBytes: number | null;
}

/** One step of a request's life, in order. `there` is the same moment by the clock of its node, where that told. */
export interface TimelineStep {
  readonly at: number | null;
  readonly there: number | null;
  /** Such as `queued`, `sent`, `accepted`, `running`, `waiting`, `succeeded`, `corrected`, `cancel-asked`, `resent`. */
  readonly what: string;
  /** A sentence with what is known of it: attempts, reasons, the next attempt, who is away since when. */
  readonly note: string | null;
}

/** What is kept of one stream of a request's output. */
export interface OutputSummary {
  readonly keptBytes: number;
  /** Bytes that were printed as far as is known; more than kept where the limit was reached. */
  readonly totalBytes: number;
}

export interface RequestDetail extends RequestSummary {
  readonly timeline: readonly TimelineStep[];
  readonly stdout: OutputSummary;
  readonly stderr: OutputSummary;
  /** The message as it was sent, as JSON with its wire keys; null where it is no longer kept. */
  readonly message: Readonly<Record<string, unknown>> | null;
  readonly expiresAt: number | null;
  /** One sentence: what it waits for, or why it ended as it did. `steward why` prints it. */
  readonly why: string;
  /** The request that this one repeats, and the ones that repeat it. */
  readonly resendOf: string | null;
  readonly resentAs: readonly string[];
}

/** Which requests to list; times and ages in ms. Several values of one filter widen it, several filters narrow it. */
export interface RequestFilter {
  readonly node?: readonly string[];
  readonly method?: readonly string[];
  readonly state?: readonly RequestState[];
  readonly batch?: string;
  /** Queued at or after this time. */
  readonly since?: number;
  /** Queued before this time. */
  readonly until?: number;
}

export interface PageOptions {
  /** At most this many; 100 unless told, 1000 at most. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly cursor?: string;
}

/** A part of a list, newest first; `next` is null at its end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** How many requests are in each state; states without any are left out. */
export type StateCounts = Readonly<Partial<Record<RequestState, number>>>;

/** What was submitted together. */
export interface BatchSummary {
  readonly id: string;
  readonly at: number;
  /** What was asked, in a line such as `REQCliCommand uptime`. */
  readonly label: string;
  readonly total: number;
  readonly counts: StateCounts;
  /** What its maker noted to go on with it, such as a rolling run's targets; null where nothing was. */
  readonly plan: unknown;
}

/** What a submission came to; the fields are those of the listeners' answer line. */
export interface SubmissionAnswer {
  readonly batch?: string;
  readonly accepted: readonly { readonly index: number; readonly toNode: string; readonly id: string }[];
  readonly refused: readonly Refusal[];
  readonly warnings: readonly Refusal[];
}

export interface Refusal {
  readonly index: number | null;
  readonly field: string | null;
  readonly reason: string;
}

export interface SubmitOptions {
  /** Adds to the batch of this id (a UUIDv7 of the caller's making, or one that exists). */
  readonly batch?: string;
  /** What lists show for the batch. */
  readonly label?: string;
  /** Checks only: nothing is sent, and ids are empty. */
  readonly isDryRun?: boolean;
}

/** How asking for an end went, one by one. */
export interface CancelResult {
  readonly id: string;
  /** `cancelled` here and now, `asked` its node to stop it, `ended` before, or `unknown`. */
  readonly result: 'cancelled' | 'asked' | 'ended' | 'unknown';
}

/** Which requests of a batch to send again: those that failed, those that were not reached or not answered, or both. */
export type ResendChoice = 'failed' | 'missing' | 'both';

/** What a part of a request's output is asked with. */
export interface OutputOptions {
  /** `stdout` unless told. */
  readonly stream?: 'stdout' | 'stderr';
  /** The first byte wanted. */
  readonly from?: number;
}
