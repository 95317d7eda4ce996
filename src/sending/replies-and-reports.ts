import type { Bus } from '../bus/bus.ts';
import type { Config } from '../config/config.ts';
import type { Asked, EndWay, Forward, ReplyEnd } from '../journal/journal-deps.ts';
import { LEAST_REPORT_BYTES } from '../journal/output/output-reports.ts';
import type { Edges } from '../lib/edges.ts';
import { goDate } from '../lib/go-date.ts';
import type { Addresses } from '../link/address.ts';
import { addFormatHeaders } from '../message/codec/body-format.ts';
import { END_IN_REPLY, endHeader } from '../message/end-in-reply.ts';
import { type Message, newMessage } from '../message/message.ts';
import { ERROR_CENTRAL } from '../message/names.ts';
import { END_OUTPUT_BYTES } from '../message/output.ts';
import { replyTo } from '../message/reply.ts';
import { encodeReport, type ReportEntry, TEXT_OUTPUT } from '../message/report.ts';
import { kindOf, receiverOf, subjectOf } from '../message/subject.ts';
import { keyWithin, SUPERSEDES_WORD } from '../message/supersedes.ts';
import { TOLD_OUTPUT, toldStretch } from '../message/told-output.ts';
import type { Logger } from '../observe/logger.ts';
import type { Outbox, OutgoingMessage } from '../outbox/outbox.ts';
import type { Peers } from '../outbox/peers.ts';
import type { ReplyCopy } from '../relay/reply-copies.ts';
import type { KeptTime } from '../store/kept-clock.ts';
import type { Statement } from '../store/store.ts';
import { type OwnOptions, ownOutgoing } from './outgoing-message.ts';

/** Reply methods that append what they get, so that a large reply may come in several messages. */
const APPENDING: ReadonlySet<string> = new Set(['', 'REQToFileAppend', 'REQToConsole']);

/** How long it is of use to ask a node what it is, ms. */
const PING_TTL_MS = 30_000;

/** The most content that goes into one message of a reply that is sent in several, bytes. */
const MAX_PIECE_BYTES = 512 * 1024;

/** What a reply may take on a way of which nothing is known yet, ms. */
const UNKNOWN_MS = 15_000;

/** A reply behind this many others does not go at once. */
const AT_ONCE = 256;
/** A larger reply waits for no others, bytes. */
const GATHERED_BYTES = 4096;
/** How many parts of output a report has: somewhat less than one, as bytes that are no text grow by some per cent, and what is left would take an envelope. */
const REPORT_PARTS = 15 / 16;
/** Output that becomes smaller goes in so much larger pieces, as far as these fit into a bundle, bytes. */
const MOST_SHRUNK_BYTES = 56 * 1024;

interface RepliesDeps extends Pick<Edges, 'newId' | 'clock'> {
  readonly outbox: Pick<Outbox, 'enqueue' | 'waitingFor' | 'paceFor' | 'deliveredSoFar'>;
  readonly peers: Pick<Peers, 'knows' | 'wordsOf' | 'of'>;
  readonly bus: Pick<Bus, 'maxPayload' | 'publish'>;
  readonly logger: Pick<Logger, 'error'>;
  readonly kept: Pick<KeptTime, 'now'>;
  readonly addresses: Pick<Addresses, 'subjectFor'>;
}

/** The messages that a node sends of its own accord: replies, reports of ends, and errors. */
export class RepliesAndReports {
  readonly #config: Config;
  readonly #deps: RepliesDeps;

  constructor(config: Config, deps: RepliesDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  /**
   * The size of the pieces in which a reply is sent, bytes: half of what the broker takes leaves room for the rest of
   * the message. Undefined where the reply must be one message.
   */
  pieceBytes({ replyMethod, relayFromNode, relayReplyMethod }: Message): number | undefined {
    const isAppended =
      relayFromNode === '' || relayReplyMethod === 'REQNone' || APPENDING.has(relayReplyMethod);
    return isAppended && APPENDING.has(replyMethod)
      ? Math.min(MAX_PIECE_BYTES, Math.ceil(this.#deps.bus.maxPayload / 2))
      : undefined;
  }

  /** Over a thin link bytes are dearer than the round trip that it takes to know that they arrived. */
  leavesOutTold(toNode: string): boolean {
    const { peers } = this.#deps;
    return peers.knows(toNode, TOLD_OUTPUT) && peers.of(toNode).peer.window.rate.isThin;
  }

  /** Ends wait behind what was told before: over a thin link that is a second of it in each report. */
  livePieceBytes(toNode: string): number {
    const { outbox, peers } = this.#deps;
    const { rate } = peers.of(toNode).peer.window;
    if (!rate.isThin) return Number.POSITIVE_INFINITY;
    const bytes = Math.max(rate.partBytes * REPORT_PARTS, LEAST_REPORT_BYTES);
    const smaller = Math.min(bytes * outbox.paceFor(reportsTo(toNode)).shrink, MOST_SHRUNK_BYTES);
    return Math.floor(Math.max(bytes, smaller));
  }

  /** How many reports for a node wait to be delivered. */
  waitingReports(toNode: string): number {
    return this.#deps.outbox.waitingFor(reportsTo(toNode));
  }

  /** How many of these were not sent as a whole. */
  unsentReports(toNode: string): number {
    return this.#deps.outbox.paceFor(reportsTo(toNode)).unsent;
  }

  /**
   * Queues the reply to a request, if it wants one, a message for each piece, in one transaction with `alongside`. The end
   * goes in it to a node that knows how, where the reply goes there at once; a single one otherwise in a report next to it.
   */
  async reply(
    request: Asked,
    pieces: readonly Uint8Array[],
    { alongside, end }: { readonly alongside: readonly Statement[]; readonly end?: ReplyEnd | undefined },
  ): Promise<EndWay> {
    const { outbox } = this.#deps;
    let from = request.told?.from ?? 0;
    const messages: OutgoingMessage[] = [];
    for (const piece of pieces) {
      const message = this.#replyMessage(request, piece, from);
      from += piece.length;
      if (message) messages.push(message);
    }
    const only = messages.length === 1 ? messages[0] : undefined;
    const header = end?.mayRide && only && this.#endHeader(only, pieces[0]!, end);
    if (only && end && header) {
      await outbox.enqueue([{ ...only, rider: { ...end, header } }], alongside);
      const { window } = this.#deps.peers.of(end.toNode).peer;
      return { ridesMs: () => 2 * (window.answerMs(only.body.length) ?? UNKNOWN_MS) };
    }
    if (!end?.isSingle) {
      await outbox.enqueue(messages, alongside);
      return 'left';
    }
    await outbox.enqueue(
      [...messages, this.#reportMessage(end.toNode, [end.end])],
      [...alongside, end.taken],
    );
    return 'reported';
  }

  #endHeader({ subject }: OutgoingMessage, data: Uint8Array, { toNode, end }: ReplyEnd): string | undefined {
    const { outbox, peers } = this.#deps;
    if (receiverOf(subject) !== toNode || outbox.waitingFor(subject) >= AT_ONCE) return undefined;
    // A node of which nothing is known is asked for its words before it gets as much.
    const isAsked = data.length > END_OUTPUT_BYTES && peers.wordsOf(toNode) === undefined;
    if (!isAsked && !peers.knows(toNode, END_IN_REPLY)) return undefined;
    return endHeader(end, data, { isThin: peers.of(toNode).peer.window.rate.isThin });
  }

  /** Queues a report of ends for the node that asked, in one transaction with `alongside`. */
  async report(toNode: string, ends: readonly ReportEntry[], alongside: readonly Statement[]): Promise<void> {
    await this.#deps.outbox.enqueue([this.#reportMessage(toNode, ends)], alongside);
  }

  #reportMessage(toNode: string, ends: readonly ReportEntry[]): OutgoingMessage {
    const known = ends.map((end) => this.known(end, toNode));
    const data = [encodeReport(known, this.#deps.peers.knows(toNode, TEXT_OUTPUT))];
    return this.#outgoing(this.#own({ toNode, method: 'REQReport', data }), { isOutput: true });
  }

  /** A node that does not know the state `lost` is told that the request failed, or `superseded`, that it was cancelled. */
  known(end: ReportEntry, toNode: string): ReportEntry {
    const { peers } = this.#deps;
    if (end.state === 'lost' && !peers.knows(toNode, 'state')) return { ...end, state: 'failed' };
    if (end.state === 'superseded' && !peers.knows(toNode, SUPERSEDES_WORD))
      return { ...end, state: 'cancelled' };
    return end;
  }

  /** Queues the messages that requests go on as; what each is to commit with is told its id. */
  async forward(forwards: readonly Forward[]): Promise<void> {
    const outgoing = forwards.map((forward) => this.#forwarded(forward));
    const notes = forwards.map(({ note }, index) => note(outgoing[index]!.id));
    await this.#deps.outbox.enqueue(outgoing, notes);
  }

  #forwarded({ forwarded: { message, budgetMs }, row }: Forward): OutgoingMessage {
    const { fromNode, expiresAt, output, priority, supersedes } = row;
    const isOwn = fromNode === this.#config.nodeName;
    return this.#outgoing(message, {
      ...(budgetMs === undefined ? {} : { budgetMs }),
      ...(expiresAt === null ? {} : { expiresInMs: expiresAt - this.#deps.kept.now() }),
      // Only what comes with the end goes on to the node before.
      ...(output === 'none' ? { output } : {}),
      ...(priority ? { priority } : {}),
      ...(supersedes && { supersedes: isOwn ? supersedes : keyWithin(fromNode, supersedes) }),
    });
  }

  /** Queues copies of replies to relayed requests. */
  async copies(copies: readonly ReplyCopy[]): Promise<void> {
    await this.#deps.outbox.enqueue(
      copies.map(({ message, ...more }) => ownOutgoing(message, this.#config, more)),
    );
  }

  /** Queues a cancellation of requests that were sent to a node, in one transaction with `alongside`. */
  async cancel(
    toNode: string,
    ids: readonly string[],
    alongside: (id: string) => readonly Statement[] = () => [],
  ): Promise<void> {
    const message = this.#own({ toNode, method: 'REQCancel', methodArgs: [...ids], replyMethod: 'REQNone' });
    const outgoing = this.#outgoing(message);
    await this.#deps.outbox.enqueue([outgoing], alongside(outgoing.id));
  }

  /** Queues a ping, to learn from its answer what a node is; its reply is of no use, and later it is of none itself. */
  async ping(toNode: string): Promise<void> {
    const place = { replyMethod: 'REQNone', directory: 'ping', fileName: 'ping.log' };
    const message = this.#own({ toNode, method: 'REQPing', ...place });
    await this.#deps.outbox.enqueue([this.#outgoing(message, { expiresInMs: PING_TTL_MS })]);
  }

  /** Sends an error at once, as the database takes nothing any more; without a link it is in the log alone. */
  urgent(text: string): void {
    const date = goDate(new Date(this.#deps.clock.wallNow()));
    this.#deps.logger.error({}, text);
    const { subject, body, format } = this.#outgoing(
      this.#errorMessage([`${date}, node: ${this.#config.nodeName}, ${text}\n`]),
    );
    const headers: Record<string, string> = {};
    addFormatHeaders(headers, format);
    this.#deps.bus.publish(this.#deps.addresses.subjectFor(subject), body, { headers });
  }

  /** Queues lines for the errors' central node, whoever that is. */
  async errors(lines: readonly string[]): Promise<void> {
    await this.#deps.outbox.enqueue([this.#outgoing(this.#errorMessage(lines))]);
  }

  #errorMessage(lines: readonly string[]): Message {
    return this.#own({
      toNode: ERROR_CENTRAL,
      method: 'REQErrorLog',
      data: lines.map((line) => Buffer.from(line)),
      directory: 'errorLog',
      fileName: 'error.log',
      ackTimeout: this.#config.errorMessageTimeoutSeconds,
      retries: this.#config.errorMessageRetries,
    });
  }

  #replyMessage(
    { id: re, message: request, priority, told, mayWait = false }: Asked,
    data: Uint8Array,
    from: number,
  ): OutgoingMessage | undefined {
    const reply = replyTo(request, [data], {
      nodeName: this.#config.nodeName,
      defaultMethodTimeout: this.#config.defaultMethodTimeoutSeconds,
    });
    if (!reply) return undefined;
    // Only what the asker said limits how long a result is kept.
    const budgetMs = reply.retries * reply.ackTimeout * 1000;
    const more = { re, mayWait: mayWait && data.length <= GATHERED_BYTES, ...(priority ? { priority } : {}) };
    const outgoing = this.#outgoing(reply, {
      ...more,
      ...(request.replyRetries > 0 ? { budgetMs } : { isOutput: true }),
    });
    const part = told && this.#toldPart(outgoing.subject, { ...told, from }, data.length);
    return part ? { ...outgoing, told: part } : outgoing;
  }

  /** What the node that gets a reply was told of it, where that need not travel again over a thin link. */
  #toldPart(subject: string, told: NonNullable<Asked['told']>, bytes: number): OutgoingMessage['told'] {
    const { toNode } = told;
    if (receiverOf(subject) !== toNode || !this.leavesOutTold(toNode)) return undefined;
    const stretch = toldStretch(told, bytes);
    return stretch && { ...stretch, isThere: this.#whenThere(toNode, told.isTold) };
  }

  /** Says, when it is asked, whether all that a reply leaves out was delivered; it is queued by now unless `isTold` says otherwise. */
  #whenThere(toNode: string, isTold = () => true): () => boolean {
    const look = () => (isTold() ? this.#deps.outbox.deliveredSoFar(reportsTo(toNode)) : undefined);
    let isThere = look();
    return () => {
      isThere ??= look();
      return isThere?.() ?? false;
    };
  }

  #outgoing(message: Message, more: OwnOptions = {}): OutgoingMessage {
    return ownOutgoing(message, this.#config, { id: this.#deps.newId(), ...more });
  }

  #own(fields: Partial<Message>): Message {
    return newMessage({
      fromNode: this.#config.nodeName,
      ackTimeout: this.#config.defaultMessageTimeoutSeconds,
      retries: this.#config.defaultMessageRetries,
      methodTimeout: this.#config.defaultMethodTimeoutSeconds,
      ...fields,
    });
  }
}

/** The subject of reports for a node. */
function reportsTo(toNode: string): string {
  return subjectOf({ toNode, method: 'REQReport' }, kindOf('REQReport'));
}
