/** Whether a node can be reached, as far as is known. */
export type Presence = 'here' | 'away' | 'unknown';

/** A node in the list. All times are ms since 1970. */
export interface NodeSummary {
  readonly name: string;
  /** Whether it is the node that is asked. */
  readonly isSelf: boolean;
  readonly isCentral: boolean;
  readonly presence: Presence;
  /** When it was last heard of (a hello, an answer, a message); null where never. */
  readonly lastSeenAt: number | null;
  /** Version, system and so on as it told; null where it did not (a node of the original program). */
  readonly version: string | null;
  readonly os: string | null;
  readonly arch: string | null;
  /** When it started. */
  readonly startedAt: number | null;
  readonly labels: Readonly<Record<string, string>>;
  /** Messages that wait here for it. */
  readonly queued: number;
  /** Requests that it has accepted and not ended yet. */
  readonly running: number;
}

/** A queue of messages for one subject. */
export interface QueueSummary {
  readonly subject: string;
  readonly node: string;
  readonly method: string;
  readonly queued: number;
  readonly oldestQueuedAt: number | null;
  /** Attempts of the message at its head. */
  readonly attempts: number;
  /** When the next attempt is due; null while answers are awaited or the link is down. */
  readonly nextAttemptAt: number | null;
  /** What it waits for, in words. */
  readonly waitsFor: string | null;
}

/** A process of the node: a unit of its work. */
export interface ProcessSummary {
  readonly id: number;
  readonly kind: string;
  readonly name: string;
  readonly state: string;
  readonly restarts: number;
}

/** Who is meant by targets. */
export interface TargetAnswer {
  readonly nodes: readonly NodeSummary[];
  /**
   * Targets that name nobody who is known, with the sentence to show; `name` where it is the name of a node that the
   * target would mean if that node were known.
   */
  readonly unknown: readonly { readonly target: string; readonly reason: string; readonly name?: string }[];
}

/** The node that is asked. */
export interface StatusAnswer {
  readonly node: string;
  readonly centralNode: string;
  readonly version: string;
  readonly startedAt: number;
  readonly broker: { readonly isConnected: boolean; readonly address: string; readonly fault: string | null };
  /** Of all requests that are remembered. */
  readonly counts: Readonly<Record<string, number>>;
  readonly nodes: { readonly here: number; readonly away: number; readonly unknown: number };
}

/** One argument, or field of a message, that a method reads; what forms and help show of it. */
export interface ArgumentDescription {
  /** `methodArgs[0]`, `methodArgs[1...]`, `data`, `directory`, ... */
  readonly field: string;
  readonly name: string;
  readonly summary: string;
  readonly isRequired: boolean;
  /** A value to begin with. */
  readonly example: string;
}

export interface MethodDescription {
  readonly name: string;
  readonly kind: string;
  readonly summary: string;
  readonly args: readonly ArgumentDescription[];
  /** Whether people submit it; the others travel among nodes. */
  readonly isForPeople: boolean;
}

/** One line that the central node collected in its error log. */
export interface ErrorLine {
  readonly node: string;
  readonly line: string;
}

/** Which collected error lines to give: the last ones, oldest first. */
export interface ErrorFilter {
  /** At most this many; 100 unless told. */
  readonly limit?: number;
  readonly node?: string;
}

/** Which entries of the audit log to give, newest first. */
export interface AuditFilter {
  /** At most this many; 100 unless told. */
  readonly limit?: number;
  readonly node?: string;
  readonly method?: string;
  readonly state?: string;
  readonly since?: number;
  /** A text that the entry holds somewhere. */
  readonly text?: string;
}
