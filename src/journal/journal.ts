import { systemClock } from '../lib/clock.ts';
import type { Message } from '../message/message.ts';
import { parseSubject } from '../message/subject.ts';
import { HEADER, headerText, parseLanePlace } from '../message/wire-headers.ts';
import { prune } from '../store/prune.ts';
import { statement } from '../store/statement.ts';
import { Cancellations } from './cancellations.ts';
import { type ForwardMoved, Forwards } from './forwards.ts';
import type { Arrival, JournalDeps, JournalMethod, JournalOptions } from './journal-deps.ts';
import type { LaneState } from './lane-record.ts';
import { openArrival } from './open-arrival.ts';
import { PartMemory } from './part-assembly.ts';
import { ReceivingLane } from './receiving-lane.ts';
import { recoverIntents } from './recover-intents.ts';
import { Reporter } from './reporter.ts';
import type { JournalRow } from './rows.ts';
import { RunQueue } from './run-queue.ts';
import { Runner, StopReason } from './runner.ts';
import { type ActiveSchedule, Scheduler } from './scheduler.ts';
import { type StoredRow, toReport, toRow } from './stored-row.ts';

/** How many of the largest messages may be under way in parts before one of them has to give way. */
const PART_MEMORY_MESSAGES = 4;
/** Superseded lanes that were not used for this long are forgotten, ms. */
const LANE_KEEP_MS = 90 * 86_400_000;

/** The durable record of what this node accepted from others: takes each message once, runs it, reports its end. */
export class Journal implements AsyncDisposable {
  readonly #options: JournalOptions;
  readonly #deps: JournalDeps;
  readonly #lanes = new Map<string, { state: LaneState; lane: ReceivingLane | undefined }>();
  readonly #queues = new Map<string, RunQueue>();
  readonly #stop = new AbortController();
  readonly #reporter: Reporter;
  readonly #forwards: Forwards;
  readonly #partMemory: PartMemory;
  readonly #runner: Runner;
  readonly #scheduler: Scheduler;
  readonly #cancellations: Cancellations;
  #nextLane: number;
  #nextRow: number;

  private constructor(options: JournalOptions, deps: JournalDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#reporter = new Reporter(deps);
    this.#partMemory = new PartMemory(PART_MEMORY_MESSAGES * options.maxMessageBytes);
    this.#cancellations = new Cancellations(deps.store);
    this.#forwards = new Forwards({ store: deps.store, reporter: this.#reporter });
    this.#runner = new Runner(options, {
      ...deps,
      forward: (...args) => {
        this.#forwards.use();
        return deps.forward(...args);
      },
      reporter: this.#reporter,
      signal: this.#stop.signal,
      isCancelled: (id) => this.#cancellations.has(id),
      startSchedule: (row) => this.#scheduler.begin(row),
    });
    this.#scheduler = new Scheduler({
      ...deps,
      clock: { now: deps.now, after: deps.after ?? systemClock.after },
      runner: this.#runner,
      signal: this.#stop.signal,
      isCancelled: (id) => this.#cancellations.has(id),
      methodOf: (subject) => this.#runMethodOf(subject),
      load: (row) => this.#load(row),
      logger: this.#deps.logger,
    });
    this.#nextLane =
      (deps.store.get<{ id: number | null }>('SELECT max(id) AS id FROM journal_lanes')?.id ?? 0) + 1;
    this.#nextRow =
      (deps.store.get<{ row: number | null }>('SELECT max(row) AS row FROM journal')?.row ?? 0) + 1;
    this.#loadLanes();
  }

  /** Opens the journal and deals with what an earlier life of the node left: see Life of a request, 5. */
  static async open(options: JournalOptions, deps: JournalDeps): Promise<Journal> {
    const journal = new Journal(options, deps);
    const lanes = [...journal.#lanes.values()].map(({ state }) => state);
    await recoverIntents(lanes, deps);
    await journal.#recoverRuns();
    return journal;
  }

  /** Takes a message that came for a method. */
  receive(arrival: Arrival, method: JournalMethod): void {
    const header = arrival.header(HEADER.lane);
    if (header === undefined) return this.#receiveLoose(arrival, method);
    const place = parseLanePlace(header);
    if (place) return this.#laneOf(place.epoch, '', arrival.subject, method).receive(arrival, place);
    const reason = `the header ${HEADER.lane} ${JSON.stringify(header.slice(0, 100))} is not <epoch>/<seq>/<floor>`;
    this.#deps.reportError(`error: ${method.name}: a message was refused: ${reason}`);
    if (!arrival.reply || !method.isAnswered) return;
    const headers = {
      [HEADER.status]: 'rejected',
      [HEADER.reason]: headerText(reason),
      [HEADER.id]: arrival.header(HEADER.id) ?? '',
    };
    this.#deps.answer(arrival.reply, `confirmed from: ${this.#options.nodeName}: 0`, headers);
  }

  /**
   * Sees to it that a request does not run, or not any longer: one that runs is stopped, one that waits ends, and
   * one that has not come yet will not run when it comes. What has ended is reported once more.
   */
  async cancel(id: string): Promise<void> {
    const { store, now } = this.#deps;
    const stored = store.get<StoredRow>('SELECT * FROM journal WHERE id = ?', id);
    if (stored?.ended_at != null) return this.#reportAgain(stored.row);
    await store.write([this.#cancellations.add(id, now())]);
    if (this.#scheduler.cancel(id) || this.#runner.cancel(id) || !stored) return;
    const row = toRow(stored);
    if (this.#queueOf(row.fromNode, row.subject).remove(row.row)) return await this.#runner.endCancelled(row);
    const { forward } = this.#forwards.rowOf(id) ?? {};
    if (forward) await this.#deps.cancelForwarded(forward);
  }

  /** The requests that run again and again. */
  schedules(): ActiveSchedule[] {
    return this.#scheduler.list();
  }

  /** Whether this node relayed a request with this key. */
  wasRelayed(replyKey: string): boolean {
    return this.#forwards.hasKey(replyKey);
  }

  /** Messages of this node's own came to a new state: requests that went on as these are reported. */
  forwardsMoved(moved: readonly ForwardMoved[]): void {
    this.#forwards.moved(moved);
  }

  /** Deletes what ended more than `keepMs` ago, or is not among the newest `keepCount` rows. */
  async prune(options: { keepMs: number; keepCount: number }): Promise<number> {
    const { store, now } = this.#deps;
    const before = now() - options.keepMs;
    const firstYoung = store.get<{ row: number }>(
      'SELECT row FROM journal WHERE accepted_at >= ? ORDER BY row LIMIT 1',
      before,
    )?.row;
    await store.write([
      this.#cancellations.forgetBefore(before),
      statement(
        `DELETE FROM journal_lanes WHERE used_at < ? AND EXISTS (
           SELECT 1 FROM journal_lanes n WHERE n.subject = journal_lanes.subject AND n.from_node = journal_lanes.from_node AND n.id > journal_lanes.id)`,
        now() - LANE_KEEP_MS,
      ),
    ]);
    return await prune(store, {
      table: 'journal',
      order: 'row',
      removable: 'ended_at IS NOT NULL AND reported = 1',
      before: firstYoung ?? this.#nextRow,
      keepCount: options.keepCount,
    });
  }

  /** Finishes what is being accepted, stops what runs (it ends as interrupted), and queues the reports. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#lanes.values()].map(({ lane }) => lane?.idle()));
    this.#stop.abort(new StopReason('stopping', 'the node stops'));
    await Promise.all([...this.#queues.values()].map((queue) => queue.idle()));
    await this.#scheduler.idle();
    await this.#reporter[Symbol.asyncDispose]();
  }

  /** A message without a place in a lane comes from a reference node: taken as it comes, in its order. */
  #receiveLoose(arrival: Arrival, method: JournalMethod): void {
    const opened = openArrival(arrival, { method, maxBytes: this.#options.maxMessageBytes });
    const from = opened.message && !('fault' in opened) ? opened.message.fromNode : '';
    this.#laneOf(`-${from}`, from, arrival.subject, method).receiveLoose(arrival);
  }

  #laneOf(epoch: string, fromNode: string, subject: string, method: JournalMethod): ReceivingLane {
    const key = `${epoch} ${subject}`;
    let found = this.#lanes.get(key);
    if (!found) {
      found = {
        state: { id: this.#nextLane++, epoch, subject, fromNode, next: 1, lastId: '' },
        lane: undefined,
      };
      this.#lanes.set(key, found);
    }
    found.lane ??= new ReceivingLane(found.state, method, this.#options, {
      ...this.#deps,
      allocateRow: () => this.#nextRow++,
      partMemory: this.#partMemory,
      onAccepted: (rows, _, messages) => this.#enqueue(rows, messages),
      reportAgain: (row) => this.#reportAgain(row),
    });
    return found.lane;
  }

  #reportAgain(row: number): void {
    const ended = this.#deps.store.get<StoredRow>(
      'SELECT * FROM journal WHERE row = ? AND ended_at IS NOT NULL AND reported = 1',
      row,
    );
    if (ended) this.#reporter.add(ended.from_node, toReport(ended));
  }

  #enqueue(rows: readonly JournalRow[], messages: readonly Message[]): void {
    rows.forEach((row, index) => {
      this.#queueOf(row.fromNode, row.subject).add(row, messages[index]);
    });
  }

  #queueOf(fromNode: string, subject: string): RunQueue {
    const key = `${fromNode} ${subject}`;
    const known = this.#queues.get(key);
    if (known) return known;
    const queue = new RunQueue({
      runner: this.#runner,
      signal: this.#stop.signal,
      methodOf: (subject) => this.#runMethodOf(subject),
      load: (row) => this.#load(row),
      logger: this.#deps.logger,
    });
    this.#queues.set(key, queue);
    return queue;
  }

  #runMethodOf(subject: string) {
    const method = this.#deps.methodOf(parseSubject(subject)?.method ?? '');
    return method?.mode === 'effect' ? undefined : method;
  }

  #load(row: number): JournalRow | undefined {
    const stored = this.#deps.store.get<StoredRow>('SELECT * FROM journal WHERE row = ?', row);
    return stored && toRow(stored);
  }

  #loadLanes(): void {
    const rows = this.#deps.store.all<LaneState & { from_node: string; last_id: string }>(
      'SELECT * FROM journal_lanes ORDER BY id',
    );
    for (const row of rows) {
      const state = {
        id: row.id,
        epoch: row.epoch,
        subject: row.subject,
        fromNode: row.from_node,
        next: row.next,
        lastId: row.last_id,
      };
      this.#lanes.set(`${row.epoch} ${row.subject}`, { state, lane: undefined });
    }
  }

  async #recoverRuns(): Promise<void> {
    const { store } = this.#deps;
    const running = store.all<StoredRow>(`SELECT * FROM journal WHERE state = 'running' ORDER BY row`);
    if (running.length > 0) await this.#deps.killLeftovers(new Set(running.map(({ id }) => id)));
    const unreported = store.all<StoredRow>('SELECT * FROM journal WHERE reported = 0 ORDER BY row');
    for (const row of unreported) this.#reporter.add(row.from_node, toReport(row), row.row);
    await this.#scheduler.recover(running.filter(({ schedule }) => schedule !== null));
    for (const row of running.filter(({ schedule }) => schedule === null)) {
      const method = this.#runMethodOf(row.subject);
      const isResumable = method?.mode === 'run' && method.isResumable;
      if (isResumable) this.#queueOf(row.from_node, row.subject).add(row.row);
      else await this.#runner.interrupt(row);
    }
    const waiting = store.all<{ row: number; from_node: string; subject: string }>(
      `SELECT row, from_node, subject FROM journal WHERE state = 'accepted' ORDER BY row`,
    );
    for (const { row, from_node, subject } of waiting) this.#queueOf(from_node, subject).add(row);
  }
}
