import type { Config } from '../config/config.ts';
import { kindOf } from '../message/kind-of.ts';
import { type Message, newMessage } from '../message/message.ts';
import type { Forwarded } from '../message/method-work.ts';
import { replyTo } from '../message/reply.ts';
import { encodeReport, type ReportEntry } from '../message/report.ts';
import type { Outbox, Parcel } from '../outbox/outbox.ts';
import type { ReplyCopy } from '../relay/reply-copies.ts';
import type { Statement } from '../store/statement.ts';
import { ownParcel } from './parcels.ts';

/** Reply methods that append what they get, so that a large reply may come in several messages. */
const APPENDING: ReadonlySet<string> = new Set(['', 'REQToFileAppend', 'REQToConsole']);

/** The most content that goes into one message of a reply that is sent in several, bytes. */
const MAX_PIECE_BYTES = 512 * 1024;

/**
 * The size of the pieces in which a reply is sent, bytes: half of what the broker takes leaves room for the rest of
 * the message. Undefined where the reply must be one message.
 */
export function pieceBytes(request: Message, maxPayload: number): number | undefined {
  const { replyMethod, relayFromNode, relayReplyMethod } = request;
  const isAppended =
    relayFromNode === '' || relayReplyMethod === 'REQNone' || APPENDING.has(relayReplyMethod);
  return isAppended && APPENDING.has(replyMethod)
    ? Math.min(MAX_PIECE_BYTES, Math.ceil(maxPayload / 2))
    : undefined;
}

/** Where reports for a node are queued. */
export function reportSubject(toNode: string): string {
  return `${toNode}.REQReport.${kindOf('REQReport')}`;
}

/** The messages that a node sends of its own accord: replies, reports of ends, and errors. */
export class OwnMessages {
  readonly #config: Config;
  readonly #outbox: Pick<Outbox, 'enqueue'>;

  constructor(config: Config, deps: { outbox: Pick<Outbox, 'enqueue'> }) {
    this.#config = config;
    this.#outbox = deps.outbox;
  }

  /** Queues the reply to a request, if it wants one, a message for each piece, in one transaction with `alongside`. */
  async reply(
    request: Message,
    pieces: readonly Uint8Array[],
    alongside: readonly Statement[],
  ): Promise<void> {
    const parcels = pieces.flatMap((piece) => this.#replyParcel(request, piece) ?? []);
    await this.#outbox.enqueue(parcels, alongside);
  }

  /** Queues a report of ends for the node that asked, in one transaction with `alongside`. */
  async report(toNode: string, ends: readonly ReportEntry[], alongside: readonly Statement[]): Promise<void> {
    const message = this.#own({ toNode, method: 'REQReport', data: [encodeReport(ends)] });
    await this.#outbox.enqueue([ownParcel(message, this.#config)], alongside);
  }

  /** Queues the message that a request goes on as; what it is to commit with is told its id. */
  async forward(
    { message, budgetMs }: Forwarded,
    { notAfter, output }: { readonly notAfter: number | null; readonly output?: string | null },
    alongside: (id: string) => readonly Statement[],
  ): Promise<void> {
    const parcel = ownParcel(message, this.#config, {
      ...(budgetMs === undefined ? {} : { budgetMs }),
      ...(notAfter === null ? {} : { expiresAt: notAfter }),
      // Only what comes with the end goes on to the node before.
      ...(output === 'none' ? { output } : {}),
    });
    await this.#outbox.enqueue([parcel], alongside(parcel.id));
  }

  /** Queues copies of replies to relayed requests. */
  async copies(copies: readonly ReplyCopy[]): Promise<void> {
    await this.#outbox.enqueue(copies.map(({ message, ...more }) => ownParcel(message, this.#config, more)));
  }

  /** Queues a cancellation of requests that were sent to a node, in one transaction with `alongside`. */
  async cancel(toNode: string, ids: readonly string[], alongside: readonly Statement[] = []): Promise<void> {
    const message = this.#own({ toNode, method: 'REQCancel', methodArgs: [...ids], replyMethod: 'REQNone' });
    await this.#outbox.enqueue([ownParcel(message, this.#config)], alongside);
  }

  /** Queues lines for the errors' central node, whoever that is. */
  async errors(lines: readonly string[]): Promise<void> {
    const message = this.#own({
      toNode: 'errorCentral',
      method: 'REQErrorLog',
      data: lines.map((line) => Buffer.from(line)),
      directory: 'errorLog',
      fileName: 'error.log',
      ackTimeout: this.#config.errorMessageTimeoutSeconds,
      retries: this.#config.errorMessageRetries,
    });
    await this.#outbox.enqueue([ownParcel(message, this.#config)]);
  }

  #replyParcel(request: Message, data: Uint8Array): Parcel | undefined {
    const reply = replyTo(request, [data], {
      nodeName: this.#config.nodeName,
      defaultMethodTimeout: this.#config.defaultMethodTimeoutSeconds,
    });
    if (!reply) return undefined;
    // Only what the asker said limits how long a result is kept.
    const budgetMs = reply.retries * reply.ackTimeout * 1000;
    return ownParcel(reply, this.#config, request.replyRetries > 0 ? { budgetMs } : {});
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
