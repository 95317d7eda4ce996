import type { Message } from '../message/message.ts';
import type { ReplyBody } from '../message/method-work.ts';
import type { Statement } from '../store/statement.ts';
import { insist } from './insist.ts';
import type { JournalDeps, JournalOptions } from './journal-deps.ts';
import { discardReply, replyPieces } from './reply-pieces.ts';
import { ReplyTurns } from './reply-turns.ts';

const AT_ONCE_BYTES = 8 * 1024 * 1024;

interface ReplySenderDeps
  extends Pick<JournalDeps, 'store' | 'reply' | 'pieceBytes' | 'reportError' | 'logger'> {
  /** Aborted when the node stops. */
  readonly signal: AbortSignal;
}

/** Sends the replies of runs, and writes down with them what they end. */
export class ReplySender {
  readonly #options: JournalOptions;
  readonly #deps: ReplySenderDeps;
  readonly #turns = new ReplyTurns();

  constructor(options: JournalOptions, deps: ReplySenderDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Sends the reply of a run that has ended, where there is one, and commits the statements with its last piece. */
  async end(
    message: Message | undefined,
    reply: ReplyBody | undefined,
    statements: readonly Statement[],
  ): Promise<void> {
    const write = () => insist(() => this.#deps.store.write(statements), this.#deps);
    if (reply && message) {
      await this.#inTurn(message, reply, () => this.send(message, reply, statements)).catch(
        async (error: Error) => {
          this.#deps.reportError(
            `error: the reply to ${message.method} cannot be sent: ${error.message}`,
            message,
          );
          await write();
        },
      );
    } else {
      await write();
    }
    await discardReply(reply);
  }

  /** Whether a reply needs several messages. */
  isInPieces(message: Message, body: ReplyBody): boolean {
    const bytes = body instanceof Uint8Array ? body.length : body.bytes;
    return bytes > (this.#deps.pieceBytes(message) ?? bytes);
  }

  /**
   * Queues a reply; `statements` commit together with its last pieces. Up to 8 MB are queued in one transaction, so
   * that of a reply of that size either all or nothing is there after a crash.
   */
  async send(message: Message, body: ReplyBody, statements: readonly Statement[]): Promise<void> {
    const pieceBytes = this.#deps.pieceBytes(message);
    const bytes = body instanceof Uint8Array ? body.length : body.bytes;
    if (pieceBytes === undefined && bytes > this.#options.maxMessageBytes) {
      const text = `error: the output of ${bytes} bytes is larger than one message may be (maxMessageMB), and ${message.replyMethod} needs it whole: use REQToFileAppend`;
      this.#deps.reportError(text, message);
      await insist(() => this.#deps.store.write(statements), this.#deps);
      return;
    }
    let held: Uint8Array[] = [];
    let heldBytes = 0;
    for await (const piece of replyPieces(body, pieceBytes)) {
      if (heldBytes + piece.length > AT_ONCE_BYTES && held.length > 0) {
        if (!(await this.#queue(message, held, []))) return;
        held = [];
        heldBytes = 0;
      }
      held.push(piece);
      heldBytes += piece.length;
    }
    await this.#queue(message, held.length > 0 ? held : [new Uint8Array(0)], statements);
  }

  #queue(
    message: Message,
    pieces: readonly Uint8Array[],
    statements: readonly Statement[],
  ): Promise<boolean> {
    return insist(() => this.#deps.reply(message, pieces, statements), this.#deps);
  }

  /** A reply in pieces is not mixed with others that go to the same place. */
  #inTurn(message: Message, body: ReplyBody, send: () => Promise<void>): Promise<void> {
    const { fromNode, replyMethod, directory, fileName } = message;
    const place = [fromNode, replyMethod, directory, fileName].join('\0');
    return this.#turns.take(place, this.isInPieces(message, body), send);
  }
}
