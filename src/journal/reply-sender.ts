import type { Message } from '../message/message.ts';
import type { Statement } from '../store/statement.ts';
import { insist } from './insist.ts';
import type { JournalDeps, JournalOptions, ReplyBody } from './journal-deps.ts';
import { discardReply, replyPieces } from './reply-pieces.ts';
import { ReplyTurns } from './reply-turns.ts';

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

  /** Queues a reply; `statements` commit together with its last piece. */
  async send(message: Message, body: ReplyBody, statements: readonly Statement[]): Promise<void> {
    const pieceBytes = this.#deps.pieceBytes(message);
    const bytes = body instanceof Uint8Array ? body.length : body.bytes;
    if (pieceBytes === undefined && bytes > this.#options.maxMessageBytes) {
      const text = `error: the output of ${bytes} bytes is larger than one message may be (maxMessageMB), and ${message.replyMethod} needs it whole: use REQToFileAppend`;
      this.#deps.reportError(text, message);
      return await insist(() => this.#deps.store.write(statements), this.#deps);
    }
    let held: Uint8Array | undefined;
    for await (const piece of replyPieces(body, pieceBytes)) {
      const before = held;
      if (before) await insist(() => this.#deps.reply(message, before, []), this.#deps);
      held = piece;
    }
    const last = held ?? new Uint8Array(0);
    await insist(() => this.#deps.reply(message, last, statements), this.#deps);
  }

  /** A reply in pieces is not mixed with others that go to the same place. */
  #inTurn(message: Message, body: ReplyBody, send: () => Promise<void>): Promise<void> {
    const { fromNode, replyMethod, directory, fileName } = message;
    const place = [fromNode, replyMethod, directory, fileName].join('\0');
    return this.#turns.take(place, this.isInPieces(message, body), send);
  }
}
