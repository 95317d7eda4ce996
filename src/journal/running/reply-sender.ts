import { retryUntilStopped } from '../../lib/retry-until-stopped.ts';
import type { Message } from '../../message/message.ts';
import type { ReplyBody } from '../../message/method-contract.ts';
import type { Statement } from '../../store/store.ts';
import type {
  Asked,
  EndWay,
  JournalDeps,
  JournalOptions,
  JournalSending,
  ReplyEnd,
} from '../journal-deps.ts';
import { AT_ONCE_BYTES, bytesOf, discardReply, replyPieces } from './reply-pieces.ts';
import { ReplyTurns } from './reply-turns.ts';

/** What is written down with a reply: statements, and the end that may travel in it. */
interface Ending {
  readonly statements: readonly Statement[];
  readonly end?: ReplyEnd | undefined;
}

interface ReplySenderDeps
  extends Pick<JournalDeps, 'store' | 'clock' | 'sending' | 'errorReporter' | 'logger'> {
  /** Aborted when the node stops. */
  readonly signal: AbortSignal;
}

/** Sends the replies of runs, and writes down with them what they end. */
export class ReplySender {
  readonly #options: JournalOptions;
  readonly #deps: ReplySenderDeps;
  readonly #turns = new ReplyTurns();
  /** Requests whose ends cannot be written down for now, by their ids: why, and since when, unix ms. */
  readonly unwritten = new Map<string, { readonly since: number; readonly text: string }>();
  /** Ids of requests that have ended: what others print while they run is sent by `send` too. */
  readonly #ending = new Set<string>();

  constructor(options: JournalOptions, deps: ReplySenderDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /**
   * Sends the reply of a run that has ended, where there is one, and commits the statements with its last piece. Resolves
   * with how the end goes.
   */
  async end(
    asked: Asked | undefined,
    reply: ReplyBody | undefined,
    { statements, end }: Ending,
  ): Promise<EndWay> {
    const id = asked?.id ?? '';
    if (id !== '') this.#ending.add(id);
    try {
      if (!reply || !asked) return await this.#endWithout({ statements }, id);
      return await this.#inTurn(asked, reply, { statements, end });
    } catch (error) {
      // A reply that cannot be sent is reported; the end is written all the same.
      if (!reply || !asked) throw error;
      const { message } = asked;
      const text = `error: the reply to ${message.method} cannot be sent: ${(error as Error).message}`;
      this.#deps.errorReporter.report(text, message);
      return await this.#endWithout({ statements }, id);
    } finally {
      this.#ending.delete(id);
      this.unwritten.delete(id);
      if (reply && !(reply instanceof Uint8Array)) await discardReply(reply);
    }
  }

  async #endWithout({ statements }: Ending, id = ''): Promise<EndWay> {
    await this.#retry(id, () => this.#deps.store.write(statements));
    return 'left';
  }

  #retry(id: string, write: () => Promise<void>): Promise<boolean> {
    const onRetry = (error: unknown) => {
      const { since = this.#deps.clock.wallNow() } = this.unwritten.get(id) ?? {};
      if (this.#ending.has(id)) this.unwritten.set(id, { since, text: (error as Error).message });
    };
    return retryUntilStopped(write, { ...this.#deps, onRetry });
  }

  /** Whether a reply needs several messages. */
  isInPieces(message: Message, body: ReplyBody): boolean {
    const bytes = bytesOf(body);
    return bytes > (this.#deps.sending.pieceBytes(message) ?? bytes);
  }

  /**
   * Queues a reply; `statements` commit together with its last pieces. Up to 8 MB are queued in one transaction, so
   * that of a reply of that size either all or nothing is there after a crash. Resolves with how the end goes.
   */
  async send(asked: Asked, body: ReplyBody, { statements, end }: Ending): Promise<EndWay> {
    const { message } = asked;
    const pieceBytes = this.#deps.sending.pieceBytes(message);
    const bytes = bytesOf(body);
    if (pieceBytes === undefined && bytes > this.#options.maxMessageBytes) {
      const text = `error: the output of ${bytes} bytes is larger than one message may be (maxMessageMB), and ${message.replyMethod} needs it whole: use REQToFileAppend`;
      if (message.replyMethod !== 'REQNone') this.#deps.errorReporter.report(text, message);
      return await this.#endWithout({ statements }, asked.id);
    }
    const isOne = body instanceof Uint8Array && bytes <= Math.min(pieceBytes ?? bytes, AT_ONCE_BYTES);
    if (!isOne) return await this.#sendPieces(asked, replyPieces(body, pieceBytes), { statements, end });
    return (await this.#queue(asked, [body], { alongside: statements, end })).way;
  }

  async #sendPieces(
    asked: Asked,
    pieces: AsyncIterable<Uint8Array>,
    { statements, end }: Ending,
  ): Promise<EndWay> {
    let held: Uint8Array[] = [];
    let heldBytes = 0;
    let from = asked.told?.from ?? 0;
    for await (const piece of pieces) {
      if (heldBytes + piece.length > AT_ONCE_BYTES && held.length > 0) {
        if (!(await this.#queue(toldFrom(asked, from), held, { alongside: [] })).isQueued) return 'left';
        from += heldBytes;
        held = [];
        heldBytes = 0;
      }
      held.push(piece);
      heldBytes += piece.length;
    }
    const rest = held.length > 0 ? held : [new Uint8Array(0)];
    return (await this.#queue(toldFrom(asked, from), rest, { alongside: statements, end })).way;
  }

  /** A reply in pieces is not mixed with others that go to the same place. */
  #inTurn(asked: Asked, body: ReplyBody, more: Ending): Promise<EndWay> {
    const isInPieces = this.isInPieces(asked.message, body);
    if (!isInPieces && this.#turns.areFree) return this.send(asked, body, more);
    const { fromNode, replyMethod, directory, fileName } = asked.message;
    const place = [fromNode, replyMethod, directory, fileName].join('\0');
    return this.#turns.take(place, isInPieces, () => this.send(asked, body, more));
  }

  async #queue(asked: Asked, pieces: readonly Uint8Array[], more: Parameters<JournalSending['reply']>[2]) {
    let way: EndWay = 'left';
    const reply = async () => {
      way = await this.#deps.sending.reply(asked, pieces, more);
    };
    return { isQueued: await this.#retry(asked.id, reply), way };
  }
}

/** Where a part of the reply begins in stdout. */
function toldFrom({ told, ...asked }: Asked, from: number): Asked {
  return { ...asked, told: told && { ...told, from } };
}
