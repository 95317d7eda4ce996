import type { Duplex } from 'node:stream';
import type { ByteBudget } from '../lib/byte-budget.ts';
import type { LineLogger } from '../observe/limited-logger.ts';
import { refusalLine } from './answer-line.ts';
import { closeStream } from './close-stream.ts';
import type { OpeningLine } from './first-line-token.ts';
import { SubmissionSplitter } from './submission-splitter.ts';

/** Takes the text of one submission and answers with one line of JSON; bad input is answered, not thrown. */
export interface Submissions {
  submit(text: Uint8Array, by: string): Promise<string>;
  /** Hears why something was refused that could not be read to its end; the client is answered with the reason. */
  refused(reason: string): void;
}

/** How much and how long a client may send; times in milliseconds. */
export interface SessionLimits {
  /** The largest submission. */
  readonly maxBytes: number;
  /** How long an unfinished JSON value may be silent, and how long a client may leave an answer unread. */
  readonly idleTimeoutMs: number;
  /** After how much silence a text that is not JSON counts as complete. */
  readonly textSilenceMs: number;
  /** How long the connection stays open after an answer, for the next submission. */
  readonly lingerMs: number;
  /** How long a client may send nothing at all. */
  readonly openTimeoutMs: number;
}

/** What a session needs; `opening` judges the first line of the connection where there is something to judge. */
export interface SessionDeps {
  readonly submissions: Submissions;
  readonly logger: Pick<LineLogger, 'warn' | 'error'>;
  readonly budget: ByteBudget;
  /** Who submits, as the audit log has it. */
  readonly by: string;
  readonly opening?: OpeningLine;
}

const STOPPING = 'the node is stopping: send this again when it runs';

/** One client's connection: cuts what it sends into submissions and writes one answer line for each, in order. */
export class SubmissionSession {
  readonly #stream: Duplex;
  readonly #limits: SessionLimits;
  readonly #deps: SessionDeps;
  readonly #reader: StreamReader;
  readonly #splitter = new SubmissionSplitter();
  #held = 0;
  #answered = false;
  #stopping = false;
  #overfull = false;

  constructor(stream: Duplex, limits: SessionLimits, deps: SessionDeps) {
    this.#stream = stream;
    this.#limits = limits;
    this.#deps = deps;
    this.#reader = new StreamReader(stream);
  }

  /** Serves the client until it or we are done; resolves when the connection is closed, and never rejects. */
  async run(): Promise<void> {
    try {
      while (await this.#step());
    } catch (error) {
      this.#deps.logger.error({ err: error }, 'a connection that submits messages failed');
    } finally {
      this.#deps.budget.release(this.#held);
      await closeStream(this.#stream, { discard: !this.#overfull });
    }
  }

  /** Takes nothing more from the client; an answer under way is still given. */
  stop(): void {
    this.#stopping = true;
    this.#reader.interrupt();
  }

  /** Deals with the next thing that happens; false when the connection is to be closed. */
  async #step(): Promise<boolean> {
    const event = await this.#reader.next(this.#patienceMs());
    if (this.#deps.opening?.isOver === false) {
      if (!(await this.#open(event, this.#deps.opening))) return false;
      if (event instanceof Uint8Array) return true;
    } else if (event instanceof Uint8Array) return this.#take(event);
    const { phase } = this.#splitter;
    if (event === 'gone' || phase === 'blank') return false;
    if (event === 'interrupted') return this.#refuse(STOPPING);
    if (event === 'silence' && phase === 'json') return this.#refuseUnread(this.#unfinished());
    return (await this.#submit()) && event !== 'end';
  }

  /** Has the first line judged; false when the connection is refused for it. */
  async #open(event: ReadEvent, opening: OpeningLine): Promise<boolean> {
    const rest = event instanceof Uint8Array ? opening.take(event) : opening.end();
    if (opening.refusal !== undefined) return this.#refuse(opening.refusal);
    return rest === undefined || this.#take(rest);
  }

  #patienceMs(): number {
    const { idleTimeoutMs, textSilenceMs, lingerMs, openTimeoutMs } = this.#limits;
    const { opening } = this.#deps;
    if (opening?.hasText) return textSilenceMs;
    if (opening?.isOver === false && opening.isTokenNeeded) return idleTimeoutMs;
    if (this.#splitter.phase === 'json') return idleTimeoutMs;
    if (this.#splitter.phase === 'text') return textSilenceMs;
    return this.#answered ? lingerMs : openTimeoutMs;
  }

  async #take(bytes: Exclude<ReadEvent, string>): Promise<boolean> {
    let at = 0;
    while (at < bytes.length) {
      const { next, complete } = this.#splitter.take(bytes, at);
      at = next;
      const excess = this.#excess();
      if (excess !== undefined) {
        this.#overfull = true;
        return this.#refuseUnread(excess);
      }
      if (complete && !(await this.#submit())) return false;
    }
    return true;
  }

  /** Why what was gathered is too much, or undefined after holding its bytes. */
  #excess(): string | undefined {
    const { length } = this.#splitter;
    const { maxBytes } = this.#limits;
    if (length > maxBytes) return `a submission may have ${maxBytes} bytes at most, and this one has more`;
    const { budget } = this.#deps;
    if (!budget.hold(length - this.#held)) {
      return `too much is being submitted at once (${budget.maxBytes} bytes over all clients): try again later`;
    }
    this.#held = length;
    return undefined;
  }

  #unfinished(): string {
    const { length, depth } = this.#splitter;
    const seconds = this.#limits.idleTimeoutMs / 1000;
    const open = depth === 1 ? 'one bracket' : `${depth} brackets`;
    return `the input ended inside a JSON value: ${length} bytes came, ${open} still open, then nothing for ${seconds} s`;
  }

  /** Hands over what was gathered and writes the answer; false when that was the last one. */
  async #submit(): Promise<boolean> {
    if (this.#stopping) return this.#refuse(STOPPING);
    const line = await this.#answerTo(this.#splitter.finish());
    this.#deps.budget.release(this.#held);
    this.#held = 0;
    this.#answered = true;
    return this.#write(line);
  }

  async #answerTo(text: Uint8Array): Promise<string> {
    try {
      return await this.#deps.submissions.submit(text, this.#deps.by);
    } catch (error) {
      this.#deps.logger.error({ err: error }, 'a submission could not be dealt with');
      return refusalLine(`the node could not take this: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** Refuses what the client did wrong, of which whoever looks after the fleet hears too. */
  #refuseUnread(reason: string): Promise<false> {
    this.#deps.submissions.refused(reason);
    return this.#end(reason);
  }

  async #refuse(reason: string): Promise<false> {
    this.#deps.logger.warn({ reason }, 'a submission was refused');
    return await this.#end(reason);
  }

  async #end(reason: string): Promise<false> {
    this.#splitter.finish();
    await this.#write(refusalLine(reason));
    return false;
  }

  /** Writes a line and waits until it is handed over; false when the client is gone or does not read. */
  async #write(line: string): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => {
      this.#stream.destroy();
      resolve(false);
    }, this.#limits.idleTimeoutMs);
    this.#stream.write(`${line}\n`, (error) => resolve(error === null || error === undefined));
    const written = await promise;
    clearTimeout(timer);
    return written;
  }
}

/** What a stream gave: bytes, its end, nothing in time, an interruption by us, or the end of the connection. */
type ReadEvent = Uint8Array | 'end' | 'silence' | 'interrupted' | 'gone';

/** Reads a stream on demand, so that it is read no faster than its bytes are dealt with. */
class StreamReader {
  readonly #stream: Duplex;
  #ended = false;
  #gone = false;
  #interrupted = false;
  #wake: () => void = () => {};

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('readable', () => this.#wake());
    stream.on('end', () => this.#mark('ended'));
    stream.on('close', () => this.#mark('gone'));
    // The close event follows; who left early is nobody's fault.
    stream.on('error', () => {});
  }

  /** The next thing that happens, `silence` when nothing does for `timeoutMs`. */
  async next(timeoutMs: number): Promise<ReadEvent> {
    const now = this.#poll();
    if (now !== undefined) return now;
    const { promise, resolve } = Promise.withResolvers<ReadEvent>();
    const timer = setTimeout(resolve, timeoutMs, 'silence');
    this.#wake = () => {
      const event = this.#poll();
      if (event !== undefined) resolve(event);
    };
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#wake = () => {};
    }
  }

  /** Makes this and every later `next` answer `interrupted`. */
  interrupt(): void {
    this.#interrupted = true;
    this.#wake();
  }

  #mark(what: 'ended' | 'gone'): void {
    if (what === 'ended') this.#ended = true;
    else this.#gone = true;
    this.#wake();
  }

  #poll(): ReadEvent | undefined {
    if (this.#interrupted) return 'interrupted';
    const bytes = this.#stream.read() as Uint8Array | null;
    if (bytes !== null) return bytes;
    if (this.#ended) return 'end';
    return this.#gone ? 'gone' : undefined;
  }
}
