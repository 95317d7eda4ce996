import type { Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import type { AnswerBus } from '../link/answer-inbox.ts';
import type { LinkScheduler } from '../link/scheduler.ts';
import type { BodyFormat } from '../message/codec/body-format.ts';
import type { Priority } from '../message/priority.ts';
import type { QueuedRow } from '../message/sent-request.ts';
import type { ToldStretch } from '../message/told-output.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { KeptTime } from '../store/kept-clock.ts';
import type { Statement, Store } from '../store/store.ts';

/** What the outbox needs of the bus. */
export interface Transport extends AnswerBus {
  readonly isConnected: boolean;
  readonly maxPayload: number;
  /** Says in words what is waited for while there is no connection, where that is known. */
  readonly line?: { readonly waitsFor: string };
}

/** What the outbox tells the ledger, as statements that commit together with its own. */
export interface LedgerStatements {
  queued(rows: readonly QueuedRow[]): Statement;
  delivered(run: {
    first: number;
    last: number;
    state: 'accepted' | 'succeeded' | 'handed-over';
    sentAt: number;
    at: number;
    endedAt: number | null;
    reason: string | null;
    isSaid: boolean;
  }): Statement;
  ended(keys: readonly number[], state: EndState, reason: string, at: number): Statement;
  attempted(key: number, attempts: number, sentAt: number): Statement;
  moved(first: number, last: number, offset: number): Statement;
}

/** The end of a request that travels with its reply. */
export interface EndRider {
  /** As the reply's header has it. */
  readonly header: string;
  /** Commits with the word that the end was taken. */
  readonly taken: Statement;
  onTaken(): void;
}

/** What its target was told of a reply: that need not travel a second time once it is there. */
export interface ToldPart extends ToldStretch {
  /** That of data which its target may have from an earlier message. */
  readonly sum?: string;
  /** Whether all of it was delivered. */
  isThere(): boolean;
}

/** A message to deliver. Times are ms. */
export interface OutgoingMessage {
  readonly id: string;
  readonly batch: string | null;
  readonly subject: string;
  readonly format: BodyFormat;
  readonly body: Uint8Array;
  readonly ackTimeoutMs: number;
  /** Connected time within which it is to be delivered; undefined means as long as it lives. */
  readonly budgetMs?: number;
  /** How long it may take until it begins to be executed. */
  readonly expiresInMs?: number;
  /** Whether it brings what a run printed, or how it ended: that waits for as long as there is room. */
  readonly isOutput?: boolean;
  /** When it is to run again and again, as JSON. */
  readonly schedule?: string;
  /** What its sender wants of its output, where that is not the usual. */
  readonly output?: string;
  /** What it goes before; the usual for its method and size unless told. */
  readonly priority?: Priority;
  /** Its key: of messages with the same key to one node only the newest counts. */
  readonly supersedes?: string;
  /** The id of the request that it is the reply to. */
  readonly re?: string;
  /** Where its own reply goes, where that is to be remembered. */
  readonly replyDigest?: string;
  /** Whether others follow in its lane in a moment, with which it may go. */
  readonly mayWait?: boolean;
  /** Goes with it while it stays in memory and its target knows the word; only its being taken counts. */
  readonly rider?: EndRider;
  /** Stands for the beginning of its data while it stays in memory and its target knows the word. */
  readonly told?: ToldPart;
}

/** How a message can end in the outbox. */
export type EndState = 'rejected' | 'expired' | 'undelivered' | 'superseded' | 'cancelled';

/** A message that the outbox has done with, for good. */
export interface Ended {
  readonly subject: string;
  readonly id: string;
  readonly state: 'handed-over' | 'succeeded' | EndState;
  readonly reason: string | null;
  readonly queuedAt: number;
  readonly sentAt: number | null;
  readonly acceptedAt: number | null;
  readonly endedAt: number;
  readonly attempts: number;
  readonly format: BodyFormat;
  /** The id of the request that it is the reply to. */
  readonly re?: string | null;
  /** Read from disk when it is asked for, until the end is written down. */
  readonly body: Uint8Array | undefined;
}

/** What the lanes to a node tell of it. */
export interface LaneEvents {
  answered(node: string, subject: string): void;
  /** The broker says that nobody listens there. */
  nobodyListens(node: string, subject: string): void;
  /** What was sent at a time of the steady clock was not answered within its ACKTimeout. */
  unanswered(node: string, sentAt: number): void;
}

export interface OutboxDeps {
  readonly store: Store;
  readonly transport: Transport;
  /** Where lanes offer what they have to send. */
  readonly link: Pick<LinkScheduler, 'offer' | 'withdraw' | 'reset' | 'heldMs' | 'patienceMs'>;
  readonly ledger: LedgerStatements;
  readonly clock: Clock;
  /** By this the times in the outbox's rows are written. */
  readonly kept: KeptTime;
  readonly random: Random;
  /** The methods that this node knows; one that it does not is taken for one that runs, and reports. */
  readonly methods: { get(name: string): { readonly mode: string } | undefined };
  /** Hears the words that nodes name, and says who need not name any; everybody unless told. */
  readonly words?: {
    heardWords(node: string, words: string | undefined): void;
    mayBeOriginal?(node: string): boolean;
  };
  /** Hears how the lanes to a node fare. */
  readonly presence?: LaneEvents;
  readonly metrics: Pick<Metrics, 'delivered' | 'ackMissed' | 'stalled'>;
  readonly logger: { warn(fields: object, text: string): void; debug(fields: object, text: string): void };
}

/** Hears what becomes of messages; each listener takes the news that it needs. */
export interface OutboxListener {
  /** Messages end. Called before that is written down, and again when it rejects. */
  ended?(ended: readonly Ended[]): Promise<void>;
  /** What is written down with the ends of messages, after the outbox's own statements. */
  alongside?(ended: readonly Ended[]): readonly Statement[];
  /** How messages ended can never be written down: a sentence for errorCentral. */
  report?(text: string): void;
  /** It is written down that messages have ended. */
  written?(ended: readonly Ended[]): void;
  /** It is written down that messages, in several lists, have come to a new state. */
  changed?(changed: readonly (readonly { readonly id: string }[])[]): void;
}

/** Whose requests were accepted and have not ended; `size` may count names that are none any more. */
export type Askers = Iterable<string> & { readonly size: number };

/** Runs the lanes that something waits in. */
export interface LaneProcesses {
  /** Starts a lane, unless it is started. */
  keep(lane: LaneProcess): void;
  /** Resolves when a lane is stopped. */
  stop(lane: { readonly kind: 'publisher'; readonly name: string }): Promise<unknown>;
}

/** What an outbox works with from its start on. */
export interface OutboxStart {
  readonly processes: LaneProcesses;
  /** Called in this order. */
  readonly listeners: readonly OutboxListener[];
  readonly asking?: {
    /** Asks a node that never answered for the words that it knows; resolves when it has answered, or does not. */
    ask(node: string): Promise<unknown>;
  };
  readonly sending?: {
    /** Pings a node of which nothing is known; resolves when the ping is queued. */
    ping(node: string): Promise<void>;
  };
}

/** A lane as a unit of work: it sends while it is started. */
export interface LaneProcess {
  readonly kind: 'publisher';
  /** Its subject. */
  readonly name: string;
  start(onFailed: (error: Error) => void): Promise<AsyncDisposable>;
}
