import { formatOf } from '../message/body-format.ts';
import { decodeMessage } from '../message/decode-message.ts';
import type { Message } from '../message/message.ts';
import type { ReplyBody, RunResult } from '../message/method-work.ts';
import type { Statement } from '../store/statement.ts';
import { insist } from './insist.ts';
import type { ForwardMethod, JournalDeps, JournalOptions, QueuedMethod, RunMethod } from './journal-deps.ts';
import { ReplySender } from './reply-sender.ts';
import type { Reporter } from './reporter.ts';
import { type JournalRow, markEnded, markForwarded, markRunning, type RowEnd } from './rows.ts';
import { RunOutput, tellLeftOutput } from './run-output.ts';
import { type StoredRow, toRow } from './stored-row.ts';
import type { TellingDeps } from './telling.ts';

/** Time after which a run is reported as started, and no longer holds up its successor, ms. */
export const LONG_RUN_MS = 1000;
const CANCELLED = 'it was cancelled';

/** Why a run is told to stop. */
export class StopReason extends Error {
  override name = 'StopReason';
  readonly code: 'stopping' | 'cancelled';

  constructor(code: 'stopping' | 'cancelled', message: string) {
    super(message);
    this.code = code;
  }
}

export interface RunnerDeps extends JournalDeps {
  readonly reporter: Reporter;
  /** Aborted when the node stops. */
  readonly signal: AbortSignal;
  isCancelled(id: string): boolean;
  /** Takes over a request that has a schedule; resolves when that is on disk. */
  startSchedule(row: JournalRow): Promise<void>;
}

interface RunInfo {
  /** The request, where it is decoded already. */
  readonly known?: Message | undefined;
  /** Called when its turn is on disk and the method begins. */
  onBegin?(): void;
}

interface RunInput {
  readonly message: Message;
  readonly signal: AbortSignal;
  progress(text: string): void;
  readonly output?: RunOutput;
}

/** Runs one journalled request at a time it is told to, and writes down how it ended, together with its reply. */
export class Runner {
  readonly #options: JournalOptions;
  readonly #deps: JournalDeps;
  readonly #reporter: Reporter;
  readonly #signal: AbortSignal;
  readonly #replies: ReplySender;
  readonly #outputDeps: TellingDeps;
  readonly #running = new Map<string, AbortController>();
  readonly #isCancelled: (id: string) => boolean;
  readonly #startSchedule: RunnerDeps['startSchedule'];

  constructor(options: JournalOptions, deps: RunnerDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#reporter = deps.reporter;
    this.#signal = deps.signal;
    this.#isCancelled = deps.isCancelled;
    this.#startSchedule = deps.startSchedule;
    this.#replies = new ReplySender(options, deps);
    this.#outputDeps = deps;
    this.#signal.addEventListener('abort', () => {
      for (const controller of this.#running.values()) controller.abort(this.#signal.reason);
    });
  }

  /**
   * Runs a request. Resolves when its method has ended; `written` then resolves when that is on disk. Before the
   * method begins, that is on disk too: a run that a crash cuts short is begun again only where its method says so.
   */
  async run(
    row: JournalRow,
    method: QueuedMethod | undefined,
    { known, onBegin }: RunInfo = {},
  ): Promise<{ written: Promise<void> }> {
    if (this.#signal.aborted) return { written: Promise.resolve() };
    const message = known ?? this.#decode(row);
    const startedAt = this.#deps.now();
    const refusal = this.#refusal(row, method, message, startedAt);
    if (refusal || !message || !method) {
      return {
        written: this.#end({ row, message, startedAt: undefined, end: refusal ?? { state: 'rejected' } }),
      };
    }
    if (method.mode === 'forward') return { written: this.#forward(row, method, message) };
    if (row.schedule) return { written: this.#startSchedule(row) };
    const controller = new AbortController();
    this.#running.set(row.id, controller);
    await this.#insist(() => this.#deps.store.write([markRunning(row.row, startedAt)]));
    if (this.#signal.aborted) return { written: Promise.resolve() };
    onBegin?.();
    const long = setTimeout(() => this.reportStart(row, startedAt), LONG_RUN_MS);
    const progress = (reason: string) => this.reportStart(row, startedAt, reason);
    const output = new RunOutput(
      { row, message, startedAt, method },
      { ...this.#deps, signal: this.#signal },
    );
    const result = await this.#call(row, method, { message, signal: controller.signal, progress, output });
    clearTimeout(long);
    this.#running.delete(row.id);
    // It stays as it is in the journal, and the next start goes on with it.
    if (this.#isToGoOn(method, result)) return { written: Promise.resolve() };
    this.#noteRun(result, { message, startedAt });
    const { reply, error: _, ...facts } = result;
    const end = { ...facts, ...(await output.end(reply)) };
    const written = this.#end({ row, message, startedAt, end, ...(reply ? { reply } : {}) });
    // Otherwise commands would run ahead of what becomes durable of their output.
    if (reply && this.#replies.isInPieces(message, reply)) await written.catch(() => {});
    return { written };
  }

  /**
   * Runs a request that has a schedule once. What it is told to write as the run begins is on disk before, what it is
   * told for the end commits with the reply.
   */
  async runOnce(
    row: JournalRow,
    method: QueuedMethod | undefined,
    note: { begun: Statement; ended(state: RunResult['state']): Statement },
  ): Promise<void> {
    const message = this.#decode(row);
    const controller = new AbortController();
    this.#running.set(row.id, controller);
    await this.#insist(() => this.#deps.store.write([note.begun]));
    if (this.#signal.aborted) return;
    const startedAt = this.#deps.now();
    const input = { signal: controller.signal, progress: () => {} };
    const result: RunResult =
      message && method?.mode === 'run'
        ? await this.#call(row, method, { message, ...input })
        : { state: 'failed', error: `error: ${row.subject}: this node can no longer run it` };
    this.#running.delete(row.id);
    this.#noteRun(result, { message, startedAt });
    await this.#replies.end(message, result.reply, [note.ended(result.state)]);
  }

  /** Writes down how a request ended that has a schedule, together with other statements. */
  finish(
    row: JournalRow,
    end: RowEnd,
    more: { startedAt: number; alongside: readonly Statement[] },
  ): Promise<void> {
    return this.#end({ row, message: undefined, end, ...more });
  }

  /** Ends a request that was under way when an earlier life of this node ended. */
  async interrupt(stored: StoredRow): Promise<void> {
    const reason = 'the node stopped while this ran; it is not run again';
    const row = toRow(stored);
    const startedAt = stored.started_at ?? row.acceptedAt;
    const message = this.#decode(row);
    await tellLeftOutput(stored, this.#deps.leftOutput?.(row.id), this.#outputDeps);
    this.#deps.reportError(`error: ${row.subject}: ${reason}`, message);
    await this.#end({ row, message, startedAt, end: { state: 'interrupted', reason } });
  }

  /** Stops a request that runs; false where it does not run. */
  cancel(id: string): boolean {
    const controller = this.#running.get(id);
    controller?.abort(new StopReason('cancelled', CANCELLED));
    return controller !== undefined;
  }

  /** Ends a request whose turn had not come. */
  async endCancelled(row: JournalRow): Promise<void> {
    const end: RowEnd = { state: 'cancelled', reason: CANCELLED };
    await this.#end({ row, message: undefined, startedAt: undefined, end });
  }

  #isToGoOn(method: RunMethod, { state }: RunResult): boolean {
    return method.isResumable === true && state === 'interrupted' && this.#signal.aborted;
  }

  #noteRun(
    { state, error }: RunResult,
    run: { readonly message: Message | undefined; readonly startedAt: number },
  ): void {
    const { message, startedAt } = run;
    if (message) this.#deps.onRun({ method: message.method, state, ms: this.#deps.now() - startedAt });
    if (error) this.#deps.reportError(error, message);
  }

  #refusal(
    row: JournalRow,
    method: QueuedMethod | undefined,
    message: Message | undefined,
    now: number,
  ): RowEnd | undefined {
    if (row.notAfter !== null && row.notAfter < now)
      return { state: 'expired', reason: 'its time was over before its turn came' };
    if (this.#isCancelled(row.id)) return { state: 'cancelled', reason: CANCELLED };
    if (!message) return { state: 'rejected', reason: 'its journalled form cannot be read' };
    if (!method) return { state: 'rejected', reason: `this node does not know the method ${message.method}` };
    return undefined;
  }

  /** Has a request go on as another message. Before that is on disk nothing has begun: after a crash it is done then. */
  async #forward(row: JournalRow, method: ForwardMethod, message: Message): Promise<void> {
    const forwarded = method.forward({ id: row.id, message });
    const note = (id: string) => [markForwarded(row.row, id, forwarded.replyKey)];
    await this.#insist(() => this.#deps.forward(forwarded, row, note));
  }

  async #call(
    row: JournalRow,
    method: RunMethod,
    { message, signal, progress, output }: RunInput,
  ): Promise<RunResult> {
    if (signal.aborted) return { state: 'cancelled', reason: CANCELLED };
    const call = {
      id: row.id,
      message,
      signal,
      reply: async (data: Uint8Array) => {
        await this.#replies.send(message, data, []);
        await output?.replied(data);
      },
      progress,
      live: output?.live,
    };
    try {
      return await method.run(call);
    } catch (error) {
      const reason = `${method.name} failed unexpectedly: ${(error as Error).message}`;
      return { state: 'failed', reason, error: `error: ${reason}` };
    }
  }

  async #end(ended: {
    row: JournalRow;
    message: Message | undefined;
    startedAt: number | undefined;
    end: RowEnd;
    reply?: ReplyBody;
    alongside?: readonly Statement[];
  }): Promise<void> {
    const { row, message, startedAt, reply, alongside = [] } = ended;
    const isReported = row.lane === null;
    const end: RowEnd = { ...ended.end, endedAt: this.#deps.now() };
    const statements = [markEnded(row.row, end, isReported), ...alongside];
    await this.#replies.end(message, reply, statements);
    if (isReported) return;
    const started = startedAt === undefined ? {} : { startedAt };
    this.#reporter.add(row.fromNode, { id: row.id, ...end, acceptedAt: row.acceptedAt, ...started }, row.row);
  }

  /** Reports that a request runs. */
  reportStart(row: JournalRow, startedAt: number, reason?: string): void {
    if (row.lane === null) return;
    const { id, acceptedAt, fromNode } = row;
    this.#reporter.add(fromNode, { id, state: 'running', acceptedAt, startedAt, ...(reason && { reason }) });
  }

  #decode(row: JournalRow): Message | undefined {
    try {
      return decodeMessage(row.body, { ...formatOf(row.format), maxBytes: this.#options.maxMessageBytes });
    } catch {
      return undefined;
    }
  }

  #insist(effect: () => Promise<void>): Promise<boolean> {
    return insist(effect, { signal: this.#signal, logger: this.#deps.logger });
  }
}
