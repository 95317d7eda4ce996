import type { Message } from '../message/message.ts';
import type {
  EffectWork,
  Forwarded,
  ForwardWork,
  Incoming,
  OutputFile,
  RunWork,
} from '../message/method-work.ts';
import type { OutputStream } from '../message/output.ts';
import type { ReportEntry } from '../message/report.ts';
import type { Statement } from '../store/statement.ts';
import type { Store } from '../store/store.ts';

/** A message as it came from the bus. */
export interface Arrival {
  readonly subject: string;
  readonly reply: string;
  readonly payload: Uint8Array;
  header(name: string): string | undefined;
}

/** What the journal needs to know of any method. */
interface Checked {
  readonly name: string;
  /** Whether the sender waits for an answer. */
  readonly isAnswered: boolean;
  /** Why this message can never work, or undefined. */
  check?(message: Message): string | undefined;
}

export type EffectMethod = Checked & EffectWork;

export type RunMethod = Checked & RunWork;

export type ForwardMethod = Checked & ForwardWork;

/** A method whose requests wait for their turn in the journal. */
export type QueuedMethod = RunMethod | ForwardMethod;

export type JournalMethod = EffectMethod | QueuedMethod;

export interface JournalOptions {
  readonly nodeName: string;
  /** Limit of a message, decompressed, bytes. */
  readonly maxMessageBytes: number;
}

export interface JournalDeps {
  readonly store: Store;
  readonly now: () => number;
  /** Runs a task later and gives what takes that back; the machine's timers unless given. */
  after?(delayMs: number, task: () => void): () => void;
  methodOf(name: string): JournalMethod | undefined;
  /** Publishes an answer; what is lost is asked for again by the sender. */
  answer(subject: string, text: string, headers: Record<string, string>): void;
  /** Queues the reply to a request together with `alongside`, in one transaction; without a reply, `alongside` alone. */
  reply(request: Message, pieces: readonly Uint8Array[], alongside: readonly Statement[]): Promise<void>;
  /** How large the messages may be in which the reply to this request is sent, bytes; undefined: it must be whole. */
  pieceBytes(request: Message): number | undefined;
  /** Queues the message that a request goes on as; `alongside` is told its id, and commits with it. */
  forward(
    forwarded: Forwarded,
    request: { readonly notAfter: number | null; readonly output?: string | null },
    alongside: (id: string) => readonly Statement[],
  ): Promise<void>;
  /** Cancels a message that a request goes on as. */
  cancelForwarded(id: string): Promise<void>;
  /** Called with messages before they are accepted; when it rejects, they are not, and come again. */
  beforeAccepted?(messages: readonly Incoming[]): Promise<void>;
  /** Queues a report for the node that asked, together with `alongside`, in one transaction. */
  sendReport(toNode: string, ends: readonly ReportEntry[], alongside: readonly Statement[]): Promise<void>;
  /** What a request printed in an earlier life of the node, where that was told of while it ran. */
  leftOutput?(id: string): Readonly<Record<OutputStream, OutputFile>> | undefined;
  /** How many reports for a node wait to be delivered. */
  waitingReports(toNode: string): number;
  /** Tells errorCentral and the log. */
  reportError(text: string, about?: Message): void;
  /** Ends processes that an earlier life of this node left behind. */
  killLeftovers(ids: ReadonlySet<string>): Promise<void>;
  /** A node was heard of. */
  onAlive(node: string): void;
  onRun(run: { method: string; state: string; ms: number }): void;
  readonly logger: { warn(fields: object, text: string): void; info(fields: object, text: string): void };
}
