import type { Message } from './message.ts';
import type { OutputPiece } from './output.ts';
import type { ReportEntry } from './report.ts';

/** A message that was accepted for a method. */
export interface Incoming {
  /** The id that its sender gave it; where that is an original node, which gives none, this node did. */
  readonly id: string;
  /** True where the sender is an original node, without lanes. */
  readonly isFromOriginal?: boolean;
  readonly message: Message;
}

/**
 * How one effect ended: done, or refused for good with a sentence that says why. `ends`: what the message tells of requests
 * of this node's own, which commits with the word that it was taken.
 */
export type Outcome = ({ readonly ok: true } | { readonly ok: false; readonly reason: string }) & {
  readonly ends?: readonly ReportEntry[];
};

/**
 * A method whose effect is short and is durable when `apply` resolves; only then is the message answered.
 *
 * `apply` gets messages of one lane in their order and answers with one outcome each. A fault that passes
 * by itself (no space, too many open files) is thrown as TemporaryError after undoing what was begun: then
 * nothing of the batch counts as accepted, and the sender tries again.
 *
 * A method that is not idempotent first calls `intend(note)`: it resolves when the note is on disk. After a
 * crash, `recover(note)` says whether the noted effect is complete (true), and undoes it otherwise (false); a method whose
 * messages stand for themselves says how many of the first ones are done.
 * A second `intend` replaces the note: where `apply` undid its work, it withdraws the note before it throws, and where
 * that cannot be written, before anybody else touches what the note is about.
 */
export interface EffectWork {
  readonly mode: 'effect';
  apply(batch: readonly Incoming[], intend: Intend): Promise<Outcome[]>;
  recover?(note: string): Promise<boolean | number>;
  /** Whether what others do later hides that it was done: then that is on disk before it is answered. */
  readonly fades?: boolean;
}

/** Writes a note of an effect that is about to be made; resolves when it is on disk. */
export interface Intend {
  (note: string): Promise<void>;
  /** Forgets this note, unless another one took its place; may be called at any time, and again. */
  withdraw(note: string): Promise<void>;
  /** The same for what need not be known at once: as soon as the disk takes it. */
  forget(note: string): void;
}

/** A method that is journalled and answered first, and then run, once. */
export interface RunWork {
  readonly mode: 'run';
  /** True for a method that by its nature goes on until it is told to stop: its successors start in parallel, at once. */
  readonly isOpenEnded?: boolean;
  /** True where a run that the end of the node cut short, whichever way, is run again by the next start. */
  readonly isResumable?: boolean;
  run(call: RunCall): Promise<RunResult>;
  /** Has removed what an earlier life began elsewhere of a request that ends without being run again. */
  undo?(call: Pick<Incoming, 'id' | 'message'>): void;
}

/** A method that is journalled and answered, and goes on as another message: the request ends as that message ends. */
export interface ForwardWork {
  readonly mode: 'forward';
  /** Reads what the message is to bring along; called again after a crash. Where it cannot, the request fails. */
  ready?(message: Message): Promise<Readied>;
  /** The message that goes on; called once more where a crash came before it was queued. */
  forward(incoming: Incoming): Forwarded;
}

/** A message that can go on, or why it cannot. */
export type Readied = { readonly message: Message } | { readonly fault: string };

export interface Forwarded {
  readonly message: Message;
  /** Connected time within which it is to be delivered, ms; undefined means as long as it lives. */
  readonly budgetMs?: number;
  /** By this the replies to it are known again, where copies of them go to another node. */
  readonly replyKey?: string;
}

export interface RunCall extends Incoming {
  /** The identity of this run, which no other on the machine has; the processes of a command carry it. */
  readonly runId: string;
  /** Aborted when the node stops or the request is cancelled; `signal.reason` is an Error that says which. */
  readonly signal: AbortSignal;
  /** Sends a reply while the method still runs; resolves when it is durably queued. */
  reply(data: Uint8Array): Promise<void>;
  /** Tells the sender in a few words how far the run has come. */
  progress(text: string): void;
  /**
   * Present where the sender wants to see the output while the method runs: for a method that replies at its end alone.
   * Its reply must be all of its stdout then; of stderr, all but what is in `stderrTail` must have been sent.
   */
  readonly live?: LiveOutput | undefined;
  /** Whether an earlier life of the node may have begun it, of a method that is resumable. */
  readonly isResumed?: boolean;
}

/** Takes the output of a run while it goes on, piece by piece. */
export interface LiveOutput {
  /** False while much waits to be sent, or so little is not worth a message: it is to be asked again later, and the output stays where it is. */
  hasRoom(bytes: number): boolean;
  /** How large a piece is to be at most, bytes: what is told stands before the ends of other requests. */
  pieceBytes?(): number;
  /** Whether so much, not told when the method ends, may stay in the files of its spool: it is told from there. */
  leaves?(bytes: number): boolean;
  /** Resolves when the pieces are durably queued. */
  send(pieces: readonly OutputPiece[]): Promise<void>;
}

/** Output that lies in a file. */
export interface OutputFile {
  readonly path: string;
  readonly bytes: number;
  /** Whether somebody else reads it later, and removes it. */
  readonly isKept?: boolean;
}

/** A reply's content: bytes, or a file that is read piece by piece and removed once it is queued. */
export type ReplyBody = Uint8Array | OutputFile;

/** How a run ended. Without `reply` nothing is sent back besides the report. */
export interface RunResult {
  readonly state: 'succeeded' | 'failed' | 'timed-out' | 'interrupted' | 'cancelled';
  readonly reason?: string;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly stderrTail?: Uint8Array;
  /** How much was printed as errors, where `stderrTail` is not all of it; 0 where it is the end of the whole output. */
  readonly stderrBytes?: number;
  readonly outputBytes?: number;
  readonly reply?: ReplyBody;
  /** To be called when the reply is queued: what it takes in memory is free then. */
  readonly release?: () => void;
  /** Where set, this text goes to errorCentral, worded as the reference words it, without a newline at its end. */
  readonly error?: string;
}
