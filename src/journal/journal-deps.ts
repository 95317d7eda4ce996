import type { Clock } from '../lib/clock.ts';
import type { Message } from '../message/message.ts';
import type { Forwarded, Incoming, OutputFile } from '../message/method-contract.ts';
import type { OutputStream } from '../message/output.ts';
import type { Priority } from '../message/priority.ts';
import type { ReportEntry } from '../message/report.ts';
import type { KeptStretch } from '../message/told-output.ts';
import type { ForwardMethod, Method, RunMethod } from '../methods/method.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { KeptTime } from '../store/kept-clock.ts';
import type { Statement, Store } from '../store/store.ts';
import type { JournalRow } from './journal-table.ts';
import type { Perils } from './perils.ts';

/** A method whose requests wait for their turn in the journal. */
export type QueuedMethod = RunMethod | ForwardMethod;

export interface JournalOptions {
  readonly nodeName: string;
  /** Tells this node's database from every other one on the machine, also from a copy of it. */
  readonly instance: string;
  /** Limit of a message, decompressed, bytes. */
  readonly maxMessageBytes: number;
  /** How late a run of a schedule may begin without being skipped, seconds. */
  readonly scheduleGraceSeconds: number;
}

export interface JournalDeps {
  readonly store: Store;
  readonly trust: JournalTrust;
  /** Remembers large messages that end the node, where it has a disk for that. */
  readonly perils?: Perils;
  readonly clock: Clock;
  /** By this the times are written by which requests must begin. */
  readonly kept: KeptTime;
  /** Makes ids for requests that came without one. */
  readonly newId: () => string;
  /** The methods that this node knows. */
  readonly methods: { get(name: string): Method | undefined };
  /** Takes answers; what is lost is asked for again by the sender. */
  readonly bus: {
    publish(
      subject: string,
      text: string,
      more: { headers: Record<string, string>; again?: Record<string, string> | undefined },
    ): boolean;
  };
  readonly sending: JournalSending;
  readonly outbox: {
    /**
     * Whether what a node asks for may be answered: replies to many names that nobody has ever heard of wait here, or will once
     * all that was accepted has run.
     */
    hasRoomFor(toNode: string, askers: Askers): boolean;
  };
  /** Takes the ends of this node's own requests that come with their replies. */
  readonly ledger: EndTaker;
  readonly relaying: JournalRelaying;
  /** What a request printed in an earlier life of the node, as far as its sender followed it while it ran. */
  leftOutput?(id: string): Readonly<Record<OutputStream, OutputFile>> | undefined;
  /** Tells errorCentral and the log. */
  readonly errorReporter: { report(text: string, about?: Message): void };
  /**
   * Ends processes that an earlier life of this node left behind; `requestIds` are for a version that knew no run ids. Resolves
   * with the run ids that were found.
   */
  killLeftovers(
    runIds: ReadonlySet<string>,
    more: { readonly requestIds: ReadonlySet<string> },
  ): Promise<ReadonlySet<string>>;
  /** Is told which nodes are heard of. */
  readonly fleet: { heard(node: string, reply: string): void };
  readonly metrics: Pick<Metrics, 'methodEnded'>;
  readonly logger: { warn(fields: object, text: string): void; info(fields: object, text: string): void };
}

/** Takes ends and output that nodes tell; `commit` writes what that changes. */
export interface EndTaker {
  takeReports(
    reports: Iterable<readonly [fromNode: string, ends: readonly ReportEntry[]]>,
    commit: (statements: readonly Statement[]) => Promise<void>,
  ): Promise<void>;
  /** The node that a request of this node's own was sent to. */
  receiverOf(id: string): string | undefined;
  /** What is kept of a stretch of what it printed there. */
  output(id: string, stream: OutputStream, from: number, to: number): { readonly data: Uint8Array };
}

/** How an end goes: in a report, not yet, or with a reply that may take some time, ms, as far as is known when it is asked. */
export type EndWay = 'reported' | 'left' | { ridesMs(): number };

/** The end of a run, which may go with its reply. */
export interface ReplyEnd {
  readonly toNode: string;
  readonly end: ReportEntry;
  /** Whether it may go in the reply; otherwise its sender was told of the run before, and the end must come behind that. */
  readonly mayRide: boolean;
  /** Whether it is likely the only one for a while: then its report is queued together with the reply. */
  readonly isSingle: boolean;
  /** Commits with the word that the end was taken. */
  readonly taken: Statement;
  onTaken(): void;
}

/** Whose requests were accepted and have not ended; `size` may count names that are none any more. */
export type Askers = Iterable<string> & { readonly size: number };

/** A request that goes on as another message; `note` is told the id of that, and commits with it. */
export interface Forward {
  readonly forwarded: Forwarded;
  readonly row: Pick<JournalRow, 'fromNode' | 'expiresAt' | 'output' | 'priority' | 'supersedes'>;
  note(id: string): Statement;
}

/** Queues what the journal has to tell other nodes, together with its own statements, in one transaction. */
export interface JournalSending {
  /**
   * Queues the reply to a request; without a reply, `alongside` alone is written. Resolves with how the end goes: in the reply,
   * and where that is not taken it is to be reported; in a report next to it; or not yet.
   */
  reply(
    request: Asked,
    pieces: readonly Uint8Array[],
    more: { readonly alongside: readonly Statement[]; readonly end?: ReplyEnd | undefined },
  ): Promise<EndWay>;
  /** How large the messages may be in which the reply to this request is sent, bytes; undefined: it must be whole. */
  pieceBytes(request: Message): number | undefined;
  /** Queues the messages that requests go on as, in one transaction. */
  forward(forwards: readonly Forward[]): Promise<void>;
  /** Queues a report for the node that asked. */
  report(toNode: string, ends: readonly ReportEntry[], alongside: readonly Statement[]): Promise<void>;
  /** Whether replies to a node leave out what it was told while their requests ran. */
  leavesOutTold(toNode: string): boolean;
  /** How large a piece of output is to be that is told to a node while it comes, bytes. */
  livePieceBytes(toNode: string): number;
  /** How many reports for a node wait to be delivered. */
  waitingReports(toNode: string): number;
  /** How many of these were not sent as a whole. */
  unsentReports(toNode: string): number;
}

/** A request, with the id by which its sender knows it. */
export interface Asked extends Pick<Incoming, 'id' | 'message'> {
  /** What the reply to it goes before; the usual unless told. */
  readonly priority?: Priority | undefined;
  /** Where in its stdout the reply begins, and how far a node was told that already, bytes; undefined where it was told nothing. */
  readonly told?: ToldSoFar | undefined;
  /** Whether the replies to requests behind it follow in a moment. */
  readonly mayWait?: boolean;
}

/** What a node was told of a reply, as a stretch of stdout, bytes. */
interface ToldSoFar {
  readonly toNode: string;
  readonly from: number;
  readonly to: number;
  /** Whether all of it was queued by now; where it is missing, it was. */
  isTold?(): boolean;
}

/** Decides what may come from whom. */
export interface JournalTrust {
  /** Whether everything is taken as it comes. */
  readonly isOpen: boolean;
  /** The words for what this node understands, as its answers name them. */
  readonly words: string;
  /** Who sent a message, as far as this node believes it; undefined where nobody proves it. */
  senderOf(message: Message, proved: string | undefined): string | undefined;
  /** Why nothing of this kind is ever taken from a sender, or undefined. */
  refusalUnread(arriving: {
    readonly method: string;
    readonly proved: string | undefined;
  }): string | undefined;
  /** Whether somebody may go on with a lane that a node began; '' where that is not known yet. */
  mayGoOn(owner: string, proved: string | undefined): boolean;
  /** Whether the end of a request counts that a message of this sender brings along. */
  mayTellEnds(sender: string): boolean;
  /** The most that a message of a sender may be, bytes unpacked; undefined where there is no limit besides that of all. */
  mostBytes(arriving: { readonly method: string; readonly proved: string | undefined }): number | undefined;
  /** Tells of a message that was refused as coming from whom the broker proves, and of many of one node only now and then. */
  tellRefused(
    refused: { readonly message: Message | undefined; readonly proved: string | undefined },
    tell: (from: string) => void,
  ): void;
  /** Decides about a message, before anything of it is written down. */
  judge(
    message: Message,
    from: {
      readonly proved: string | undefined;
      readonly re: string | undefined;
      readonly id: string;
      /** Where it stands in its lane, which it has again when it comes again; undefined where it has no place. */
      readonly place: string | undefined;
    },
  ): Judgement;
  /** Decides about a message that is refused for a fault of its own: it counts for the share of its sender. */
  judgeFault(
    reason: string,
    from: { readonly proved: string | undefined; readonly place: string | undefined; readonly bytes: number },
  ): Judgement;
  /** Keeps what nobody here asked for; resolves when it is on disk. */
  keepUnasked(unasked: readonly (Incoming & { readonly sender: string })[]): Promise<void>;
}

/** What is to become of a message; `message` stands in its place where it must not be taken as it is. */
export type Judgement =
  | { readonly do: 'take'; readonly message?: Message }
  | { readonly do: 'refuse' | 'later' | 'keep'; readonly reason: string };

/** What the journal needs for requests that go on to other nodes. */
export interface JournalRelaying {
  /** Takes messages before they are accepted; when it rejects, they are not, and come again. */
  beforeAccepted(messages: readonly Incoming[]): Promise<void>;
  /** The data of an earlier message of a node that was relayed here; undefined where it is not kept. */
  kept(sender: string, stretch: KeptStretch): Uint8Array | undefined;
  /** Cancels a message that a request goes on as. */
  cancelForwarded(id: string): Promise<void>;
}
