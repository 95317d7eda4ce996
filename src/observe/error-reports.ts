import type { Clock } from '../lib/clock.ts';
import { goDate } from '../lib/go-date.ts';
import { setInLines } from '../lib/visible.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** What a report is about: the fields of a message that say whether it is itself a report, and of whom. */
export interface ReportedMessage {
  readonly method: string;
  readonly fromNode: string;
  readonly toNode: string;
  readonly relayOriginalMethod: string;
}

/** What the reporter needs; `sending` hands lines to the outbox, for errorCentral. */
export interface ErrorReporterDeps {
  readonly sending: { errors(lines: string[]): Promise<void> };
  readonly logger: Pick<Logger, 'error' | 'info'>;
  readonly metrics: Pick<Metrics, 'errorSent' | 'infoSent'>;
  readonly clock: Clock;
}

type Level = 'error' | 'info';

const REPORT_METHOD = 'REQErrorLog';
const SEND_INTERVAL_MS = 200;
const REPEAT_WINDOW_MS = 10_000;
const MOST_LINES_IN_BATCH = 500;
const MOST_CHARS_IN_BATCH = 256 * 1024;
const MOST_LINES_QUEUED = 10_000;
const MOST_CHARS_QUEUED = 8 * 1024 * 1024;
/** How much may be told at once, and how much of that comes back each second, in characters: texts may be a stranger's. */
const BURST_CHARS = 2 * 1024 * 1024;
const CHARS_PER_SECOND = 16 * 1024;
const FIRST_CHARS = 200;

/**
 * Brings errors to the own log and to errorCentral, as lines that look like the reference's.
 *
 * Texts are kept as they are, and carry their own `error: ` or `info: ` in front. A flood harms nobody: the same text
 * again within 10 s is only counted, lines go in batches, and what the queue cannot take is dropped and counted. Texts that differ
 * are told up to an amount, also in the own log; of the others the first is told, shortened, and the number each 10 s.
 */
export class ErrorReporter implements AsyncDisposable {
  readonly #nodeName: string;
  readonly #deps: ErrorReporterDeps;
  readonly #queue: { level: Level; line: string }[] = [];
  #queuedChars = 0;
  #dropped = 0;
  #left = BURST_CHARS;
  #leftAt = Number.NEGATIVE_INFINITY;
  #cancelFlood: (() => void) | undefined;
  #flood: { count: number; readonly first: string } | undefined;
  #repeat: { level: Level; text: string; count: number; cancel: () => void } | undefined;
  #sending: Promise<void> | undefined;
  #cancelSend: (() => void) | undefined;
  #sentAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor({ nodeName }: { nodeName: string }, deps: ErrorReporterDeps) {
    this.#nodeName = nodeName;
    this.#deps = deps;
  }

  /** Reports a text that begins with its level: `error: ` for a fault, `info: ` for what is none. `about` is the message that it concerns. */
  report(text: string, about?: ReportedMessage): void {
    this.#report(text.startsWith('info:') ? 'info' : 'error', text, about);
  }

  /** Reports a fault of the link to the broker, which is in the own log already. */
  linkFailed(text: string): void {
    if (!this.#closed) this.#enqueue('error', `error: ${text}`);
  }

  /** Sends all that waits, without regard to the pace; what cannot be sent is in the own log. */
  async flush(): Promise<void> {
    this.#endRepeat();
    this.#endFlood();
    while (this.#sending !== undefined || this.#queue.length > 0) await (this.#sending ?? this.#send());
    this.#cancelSend?.();
    this.#cancelSend = undefined;
  }

  /** Sends all that waits; later errors are only logged. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.flush();
  }

  #report(level: Level, text: string, about: ReportedMessage | undefined): void {
    if (this.#closed || (about !== undefined && isReport(about))) {
      this.#log(level, text, about);
      return;
    }
    if (this.#repeat?.text === text && this.#repeat.level === level) {
      this.#repeat.count++;
      return;
    }
    this.#endRepeat();
    if (this.#isTooMuch(text)) return;
    const cancel = this.#deps.clock.after(REPEAT_WINDOW_MS, () => this.#endRepeat());
    this.#repeat = { level, text, count: 0, cancel };
    this.#log(level, text, about);
    this.#enqueue(level, text);
  }

  /** Whether more was told lately than anybody reads: then the text is counted, and a line says so in the end. */
  #isTooMuch(text: string): boolean {
    const { clock } = this.#deps;
    const now = clock.steadyNow();
    const refill = Math.max(0, now - this.#leftAt) * (CHARS_PER_SECOND / 1000);
    this.#left = Math.min(BURST_CHARS, this.#left + refill);
    this.#leftAt = now;
    if (this.#flood === undefined && this.#left >= text.length) {
      this.#left -= text.length;
      return false;
    }
    if (this.#flood) this.#flood.count++;
    else {
      this.#flood = { count: 1, first: text.trimEnd().slice(0, FIRST_CHARS) };
      this.#cancelFlood = clock.after(REPEAT_WINDOW_MS, () => this.#endFlood());
    }
    return true;
  }

  #endFlood(): void {
    const flood = this.#flood;
    if (flood === undefined) return;
    this.#flood = undefined;
    this.#cancelFlood?.();
    const { count, first } = flood;
    const text = `error: ${count} reports within ${REPEAT_WINDOW_MS / 1000} s are left out, as there were too many before; the first began: ${first}`;
    this.#log('error', text);
    this.#enqueue('error', text);
  }

  #log(level: Level, text: string, about?: ReportedMessage): void {
    const message = about && { method: about.method, fromNode: about.fromNode, toNode: about.toNode };
    this.#deps.logger[level]({ message }, text.trimEnd());
  }

  #endRepeat(): void {
    const repeat = this.#repeat;
    if (repeat === undefined) return;
    this.#repeat = undefined;
    repeat.cancel();
    if (repeat.count === 0) return;
    const times = repeat.count === 1 ? 'once' : `${repeat.count} times`;
    const text = `${repeat.text.trimEnd()} (and ${times} more within ${REPEAT_WINDOW_MS / 1000} s)`;
    this.#log(repeat.level, text);
    this.#enqueue(repeat.level, text);
  }

  #enqueue(level: Level, text: string): void {
    if (this.#queue.length >= MOST_LINES_QUEUED || this.#queuedChars + text.length > MOST_CHARS_QUEUED) {
      this.#dropped++;
      return;
    }
    const line = this.#line(text);
    this.#queue.push({ level, line });
    this.#queuedChars += line.length;
    this.#pump();
  }

  #line(text: string): string {
    // A line of a text that others made must not look like a report of its own.
    return `${goDate(new Date(this.#deps.clock.wallNow()))}, node: ${this.#nodeName}, ${setInLines(text)}\n`;
  }

  /** Sends at once when the last time is long enough ago, and else when it is. */
  #pump(): void {
    if (this.#sending !== undefined || this.#cancelSend !== undefined || this.#queue.length === 0) return;
    const waitMs = this.#sentAt + SEND_INTERVAL_MS - this.#deps.clock.steadyNow();
    if (waitMs <= 0) {
      void this.#send();
      return;
    }
    this.#cancelSend = this.#deps.clock.after(waitMs, () => {
      this.#cancelSend = undefined;
      void this.#send();
    });
  }

  #send(): Promise<void> {
    this.#sending = this.#sendBatch().finally(() => {
      this.#sending = undefined;
      this.#pump();
    });
    return this.#sending;
  }

  async #sendBatch(): Promise<void> {
    this.#sentAt = this.#deps.clock.steadyNow();
    const batch = this.#takeBatch();
    const lines = batch.map(({ line }) => line);
    const dropped = this.#dropped;
    if (dropped > 0) lines.push(this.#line(droppedText(dropped)));
    this.#dropped = 0;
    try {
      await this.#deps.sending.errors(lines);
      const errors = batch.filter(({ level }) => level === 'error').length;
      this.#deps.metrics.errorSent(errors + (dropped > 0 ? 1 : 0));
      this.#deps.metrics.infoSent(batch.length - errors);
    } catch (error) {
      this.#dropped += dropped + batch.length;
      this.#deps.logger.error(
        { err: error, count: batch.length },
        'reports to errorCentral could not be sent',
      );
    }
  }

  #takeBatch(): { level: Level; line: string }[] {
    let chars = 0;
    let count = 0;
    // One line is kept free for the number of those dropped.
    while (count < this.#queue.length && count < MOST_LINES_IN_BATCH - 1) {
      chars += this.#queue[count]!.line.length;
      if (count > 0 && chars > MOST_CHARS_IN_BATCH) break;
      count++;
    }
    const batch = this.#queue.splice(0, count);
    for (const { line } of batch) this.#queuedChars -= line.length;
    return batch;
  }
}

function droppedText(count: number): string {
  return `error: ${count === 1 ? 'a report was' : `${count} reports were`} dropped; see the node's own log`;
}

/** Reporting that a report failed would make a circle. */
function isReport(about: ReportedMessage): boolean {
  return about.method === REPORT_METHOD || about.relayOriginalMethod === REPORT_METHOD;
}
