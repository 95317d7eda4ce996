import { ByteBudget } from '../../lib/byte-budget.ts';
import { wallTimeOf } from '../../lib/clock.ts';
import { retryUntilStopped } from '../../lib/retry-until-stopped.ts';
import type { Message } from '../../message/message.ts';
import type { RunResult } from '../../message/method-contract.ts';
import type { RunMethod } from '../../methods/method.ts';
import type { Statement } from '../../store/store.ts';
import type { JournalDeps, JournalOptions, QueuedMethod } from '../journal-deps.ts';
import {
  type JournalRow,
  markRunning,
  markWaiting,
  type RowEnd,
  type StoredRow,
  toRow,
} from '../journal-table.ts';
import type { Reporter } from '../output/reporter.ts';
import { RunOutput, type RunOutputDeps, TAILS_BYTES } from '../output/run-output.ts';
import { Endings } from './endings.ts';
import { Forwarding } from './forwarding.ts';
import { CANCELLED, refusalOf } from './refusal.ts';
import type { RelayedRequests } from './relayed-requests.ts';
import { ReplySender } from './reply-sender.ts';
import { askedOf, RunEnds } from './run-ends.ts';
import { runIdOf } from './run-id.ts';
import { RunMessages } from './run-messages.ts';
import { StopReason } from './stop-reason.ts';

/** Time after which a run is reported as started, and no longer holds up its successor, ms. */
export const LONG_RUN_MS = 1000;

export interface RunnerDeps extends JournalDeps, RunOutputDeps {
  readonly reporter: Reporter;
  readonly forwards: Pick<RelayedRequests, 'use'>;
  calledOff(row: JournalRow): RowEnd | undefined;
  /** Takes over a request that has a schedule; resolves when that is on disk. */
  startSchedule(row: JournalRow): Promise<void>;
}

interface RunInfo {
  /** The request, where it is decoded already. */
  readonly known?: Message | undefined;
  /** Whether its turn is on disk already. */
  readonly isBegun?: boolean;
  /** Called when its turn is on disk and the method begins. */
  readonly onBegin?: (() => void) | undefined;
  /** Whether another of its sender waits behind it. */
  readonly hasNext?: (() => boolean) | undefined;
  /** Called when it no longer holds up its successor. */
  readonly onLong?: (() => void) | undefined;
}

interface RunInput {
  readonly message: Message;
  /** Which run of the request it is, from 1. */
  readonly count?: number;
  readonly signal: AbortSignal;
  progress(text: string): void;
  readonly output?: RunOutput;
}

/** Runs one journalled request at a time it is told to, and writes down how it ended, together with its reply. */
export class Runner {
  readonly #options: JournalOptions;
  readonly #deps: JournalDeps;
  readonly #forwarding: Forwarding;
  readonly #signal: AbortSignal;
  readonly replies: ReplySender;
  readonly #endings = new Endings();
  readonly #messages: RunMessages;
  /** Takes how requests ended. */
  readonly ends: RunEnds;
  readonly #outputDeps: ConstructorParameters<typeof RunOutput>[1];
  readonly #running = new Map<string, AbortController>();
  readonly #calledOff: RunnerDeps['calledOff'];
  readonly #startSchedule: RunnerDeps['startSchedule'];

  constructor(options: JournalOptions, deps: RunnerDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#signal = deps.signal;
    this.#calledOff = deps.calledOff;
    this.#startSchedule = deps.startSchedule;
    this.replies = new ReplySender(options, deps);
    this.#messages = new RunMessages(options, deps);
    this.ends = new RunEnds({ ...deps, replies: this.replies, messages: this.#messages });
    this.#forwarding = new Forwarding({ ...deps, ends: this.ends });
    this.#outputDeps = { ...deps, tails: new ByteBudget(TAILS_BYTES) };
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
    { known, isBegun = false, ...more }: RunInfo = {},
  ): Promise<{ written: Promise<unknown> }> {
    if (this.#signal.aborted) return { written: isBegun ? this.putBack(row.row) : Promise.resolve() };
    const message = known ?? this.#messages.take(row);
    const calledOff = this.#calledOff(row);
    const refusal = refusalOf(row, { method, message, now: this.#deps.kept.now(), calledOff });
    if (refusal || !message || !method) {
      const end = refusal ?? { state: 'rejected' };
      const ended = this.ends.write({ row, message, startedAt: undefined, end });
      return { written: this.ends.orSetAside(row, ended) };
    }
    if (method.mode === 'forward')
      return { written: this.ends.orSetAside(row, this.#forwarding.goOn(row, method, message)) };
    if (row.schedule) return { written: this.ends.orSetAside(row, this.#startSchedule(row)) };
    return await this.#runNow(row, method, { ...more, known: message, isBegun });
  }

  async #runNow(
    row: JournalRow,
    method: RunMethod,
    { known: message, isBegun, onBegin, onLong, hasNext }: RunInfo & { readonly known: Message },
  ): Promise<{ written: Promise<unknown> }> {
    const begunAt = this.#deps.clock.steadyNow();
    const startedAt = isBegun ? row.acceptedAt : this.#deps.clock.wallNow();
    const controller = new AbortController();
    this.#running.set(row.id, controller);
    if (!isBegun && !(await this.#begin(row, startedAt))) {
      this.#running.delete(row.id);
      return { written: Promise.resolve() };
    }
    onBegin?.();
    let isTold = false;
    const progress = (reason?: string) => {
      isTold = true;
      this.ends.reportStart(row, startedAt, reason);
    };
    const cancelLong = this.#deps.clock.after(LONG_RUN_MS, () => {
      // What has ended may still be writing its output down.
      if (this.#running.get(row.id) === controller) {
        progress();
        this.#messages.shed(row, message, 'all');
      }
      onLong?.();
    });
    const output = new RunOutput({ row, message, startedAt, method }, this.#outputDeps);
    const running = this.#call(row, method, { message, signal: controller.signal, progress, output });
    this.#messages.shed(row, message, method.isOpenEnded ? 'all' : 'data');
    const result = await running;
    this.#running.delete(row.id);
    await this.#messages.restore(row, message);
    // It stays as it is in the journal, and the next start goes on with it.
    if (method.isResumable && result.state === 'interrupted' && this.#signal.aborted) {
      cancelLong();
      return { written: Promise.resolve() };
    }
    this.#noteRun(result, { message, begunAt });
    const done = await this.#endings.take(result);
    const { reply, error: _, release: __, ...facts } = result;
    const run = { startedAt: wallTimeOf(begunAt, this.#deps.clock), ...(reply && { reply }) };
    const end = { ...facts, ...(await output.end(reply)) };
    const told = { isTold: isTold || output.isTold, told: output.told, ...output.rest };
    const ending = this.ends.write({ row, message, end, mayWait: hasNext?.(), ...run, ...told });
    const written = this.ends.orSetAside(row, ending).finally(done);
    // Otherwise commands would run ahead of what becomes durable of their output.
    if (reply && this.replies.isInPieces(message, reply)) await written;
    cancelLong();
    return { written };
  }

  /**
   * Runs a request that has a schedule once. What it is told to write as the run begins is on disk before, what it is
   * told for the end commits with the reply.
   */
  async runOnce(
    row: JournalRow,
    method: QueuedMethod | undefined,
    note: { count: number; begun: Statement; ended(state: RunResult['state']): Statement },
  ): Promise<void> {
    const message = this.#messages.take(row);
    const controller = new AbortController();
    this.#running.set(row.id, controller);
    await this.#retryUntilStopped(() => this.#deps.store.write([note.begun]));
    if (this.#signal.aborted) return;
    const begunAt = this.#deps.clock.steadyNow();
    const input = { count: note.count, signal: controller.signal, progress: () => {} };
    const running =
      message && method?.mode === 'run' ? this.#call(row, method, { message, ...input }) : undefined;
    if (message) this.#messages.shed(row, message, 'all');
    const error = `error: ${row.subject}: this node can no longer run it`;
    const result = (await running) ?? { state: 'failed', error };
    this.#running.delete(row.id);
    if (message) await this.#messages.restore(row, message);
    this.#noteRun(result, { message, begunAt });
    const asked = message && askedOf(row, message);
    const done = await this.#endings.take(result);
    await this.replies.end(asked, result.reply, { statements: [note.ended(result.state)] }).finally(done);
  }

  /** Writes down how a request ended that has a schedule, together with other statements. */
  finish(
    row: JournalRow,
    end: RowEnd,
    more: { startedAt: number; alongside: readonly Statement[] },
  ): Promise<void> {
    return this.ends.write({ row, message: undefined, end, ...more });
  }

  /** Ends a request that was under way when an earlier life of this node ended. */
  async interrupt(stored: StoredRow): Promise<void> {
    const row = toRow(stored);
    const startedAt = stored.started_at ?? row.acceptedAt;
    const message = this.#messages.take(row);
    const rest = this.#outputDeps.rests.afterInterrupted(stored);
    const lost = rest ? 'printed last may be missing' : 'had not replied by then is lost';
    const reason = `the node stopped while this ran; it is not run again, and what it ${lost}`;
    this.#deps.errorReporter.report(`error: ${row.subject}: ${reason}`, message);
    await this.ends.orSetAside(
      row,
      this.ends.write({ row, message, startedAt, end: { state: 'interrupted', reason }, ...rest }),
    );
  }

  /** Stops a request that runs; false where it does not run. */
  cancel(id: string): boolean {
    const controller = this.#running.get(id);
    controller?.abort(new StopReason('cancelled', CANCELLED));
    return controller !== undefined;
  }

  /** Writes down that a run begins; false where it must not begin now. */
  async #begin(row: JournalRow, startedAt: number): Promise<boolean> {
    const write = () => this.#deps.store.write([markRunning(row.row, startedAt)]);
    const isWritten = await this.ends.orSetAside(row, this.#retryUntilStopped(write));
    return isWritten === true && !this.#signal.aborted;
  }

  /** A request whose start is on disk, and that has not begun, waits for the next start of the node. */
  putBack(row: number): Promise<void> {
    return this.#deps.store.write([markWaiting(row)]).catch(() => {});
  }

  #noteRun(
    { state, error }: RunResult,
    { message, begunAt }: { readonly message: Message | undefined; readonly begunAt: number },
  ): void {
    const seconds = (this.#deps.clock.steadyNow() - begunAt) / 1000;
    if (message) this.#deps.metrics.methodEnded(message.method, state, seconds);
    if (error) this.#deps.errorReporter.report(error, message);
  }

  async #call(
    row: JournalRow,
    method: RunMethod,
    { message, count, signal, progress, output }: RunInput,
  ): Promise<RunResult> {
    if (signal.aborted) return { state: 'cancelled', reason: CANCELLED };
    const call = {
      id: row.id,
      runId: runIdOf(row, this.#options.instance, count),
      message,
      signal,
      reply: async (data: Uint8Array) => {
        const done = await this.#endings.take({ reply: data });
        await this.replies.send({ id: row.id, message }, data, { statements: [] }).finally(done);
        await output?.replied(data);
      },
      ...{ progress, live: output?.live, isResumed: row.wasRunning === true },
    };
    try {
      return await method.run(call);
    } catch (error) {
      const reason = `${method.name} failed unexpectedly: ${(error as Error).message}`;
      return { state: 'failed', reason, error: `error: ${reason}` };
    }
  }

  readonly #retryUntilStopped = (effect: () => Promise<void>) => retryUntilStopped(effect, this.#outputDeps);
}
