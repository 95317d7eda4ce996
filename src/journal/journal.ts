import { retryUntilStopped } from '../lib/retry-until-stopped.ts';
import { unfoldMessage } from '../message/codec/brief.ts';
import { HEADER, headerText, parseLanePlace } from '../message/codec/wire-headers.ts';
import { isAnswered } from '../message/kind.ts';
import type { Message } from '../message/message.ts';
import { parseSubject } from '../message/subject.ts';
import type { WireMessage } from '../message/wire-message.ts';
import type { Method } from '../methods/method.ts';
import { COPIED } from '../store/find-older.ts';
import { forgetMeta, readMeta } from '../store/meta.ts';
import { prune } from '../store/prune.ts';
import type { JournalDeps, JournalOptions } from './journal-deps.ts';
import { type JournalRow, type StoredRow, toReport, toRow } from './journal-table.ts';
import { LostReplies } from './output/lost-replies.ts';
import { OutputRests } from './output/output-rests.ts';
import { Reporter } from './output/reporter.ts';
import { forgetOldParts } from './receiving/kept-parts.ts';
import { PartMemory } from './receiving/part-memory.ts';
import { LOOSE, ReceivingLanes } from './receiving/receiving-lanes.ts';
import { ReceivingMemory } from './receiving/receiving-memory.ts';
import { InterruptedEffects } from './receiving/recover-intents.ts';
import { calledOff } from './running/called-off.ts';
import { Cancellations } from './running/cancellations.ts';
import type { AskSender } from './running/held-runs.ts';
import { LeftRuns, saveRestored } from './running/left-runs.ts';
import { RelayedRequests } from './running/relayed-requests.ts';
import { RunQueues } from './running/run-queues.ts';
import { Runner } from './running/runner.ts';
import { Scheduler } from './running/scheduler.ts';
import { StopReason } from './running/stop-reason.ts';

/** How many of the largest messages may be under way in parts on disk before one of them has to give way, and how much of that in memory. */
const [PARTS_MESSAGES, PARTS_IN_MEMORY] = [4, 0.5];

const IS_COPY =
  'the database is a copy (a backup, or a folder that was moved or cloned): what it had accepted waits until the broker shows that no other node has this name, and its senders have said that they still want it';

/** The durable record of what this node accepted from others: takes each message once, runs it, reports its end. */
export class Journal implements AsyncDisposable {
  readonly #options: JournalOptions;
  readonly #deps: JournalDeps;
  readonly #lanes: ReceivingLanes;
  readonly #interrupted: InterruptedEffects;
  readonly #queues: RunQueues;
  readonly #stop = new AbortController();
  readonly relayed: RelayedRequests;
  /** What hears of the outbox how messages end. */
  readonly hearers: readonly [RelayedRequests, LostReplies];
  readonly #reporter: Reporter;
  /** What of outputs is still read from their files. */
  readonly rests: OutputRests;
  readonly #runner: Runner;
  /** The requests that run again and again. */
  readonly schedules: Scheduler;
  /** Ids of requests that are over and whose ends cannot be written down. */
  readonly unwritten: Pick<ReadonlySet<string>, 'has'>;
  readonly #cancellations: Cancellations;
  readonly #left: LeftRuns;
  #ask: AskSender | undefined;
  #nextRow: number;
  /** Whether what an earlier life left is still to be dealt with. */
  #isHeld = false;

  constructor(options: JournalOptions, deps: JournalDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#reporter = new Reporter(deps);
    this.rests = new OutputRests({ ...deps, reporter: this.#reporter, signal: this.#stop.signal });
    this.#cancellations = new Cancellations(deps.store);
    this.relayed = new RelayedRequests({ store: deps.store, reporter: this.#reporter });
    const lostReplies = new LostReplies({ store: deps.store, reporter: this.#reporter });
    this.hearers = [this.relayed, lostReplies];
    this.#runner = new Runner(options, {
      ...deps,
      reporter: this.#reporter,
      rests: this.rests,
      forwards: this.relayed,
      signal: this.#stop.signal,
      calledOff: (row) =>
        calledOff(row, { ...deps, cancellations: this.#cancellations, methodOf: this.#runMethodOf }),
      startSchedule: (row) => this.schedules.begin(row),
    });
    this.unwritten = this.#runner.replies.unwritten;
    this.schedules = new Scheduler({
      ...deps,
      graceMs: options.scheduleGraceSeconds * 1000,
      runner: this.#runner,
      signal: this.#stop.signal,
      cancellations: this.#cancellations,
      methodOf: this.#runMethodOf,
      load: this.#load,
      logger: this.#deps.logger,
    });
    this.#queues = new RunQueues({
      ...deps,
      runner: this.#runner,
      signal: this.#stop.signal,
      methodOf: this.#runMethodOf,
      load: this.#load,
    });
    this.#left = new LeftRuns(options, {
      ...deps,
      signal: this.#stop.signal,
      methodOf: this.#runMethodOf,
      ...{ reporter: this.#reporter, rests: this.rests, queues: this.#queues },
      ...{ runner: this.#runner, scheduler: this.schedules },
    });
    this.#nextRow =
      (deps.store.get<{ row: number | null }>('SELECT max(row) AS row FROM journal')?.row ?? 0) + 1;
    this.#interrupted = new InterruptedEffects({ ...deps, onChecked: () => this.#lanes.readAnew() });
    this.#lanes = new ReceivingLanes(options, {
      ...deps,
      interrupted: this.#interrupted.left,
      allocateRow: () => this.#nextRow++,
      partMemory: new PartMemory({
        maxBytes: PARTS_IN_MEMORY * options.maxMessageBytes,
        maxDiskBytes: PARTS_MESSAGES * options.maxMessageBytes,
      }),
      memory: new ReceivingMemory(),
      signal: this.#stop.signal,
      beginsAtOnce: this.#beginsAtOnce,
      queues: this.#queues,
      onAccepted: this.#enqueue,
      reportAgain: this.#reportAgain,
    });
  }

  /**
   * Deals with what an earlier life of the node left, and begins to run requests: see After a crash. In a copy of a database
   * they wait for `nameIsFree`: the node that it was copied from may live, and run them. What waits begins once its sender, who is
   * asked for it, still wants it; `isOlder`: the database has gone back to an earlier state.
   */
  async start({ ask, isOlder = false }: { ask?: AskSender; isOlder?: boolean } = {}): Promise<void> {
    await this.#interrupted.recover();
    this.#ask = ask;
    if (isOlder) await this.#deps.store.write([saveRestored(this.#deps.store)]);
    if (readMeta(this.#deps.store, COPIED) === undefined) return await this.#left.recover(ask);
    this.#deps.logger.warn({}, IS_COPY);
    this.#isHeld = true;
  }

  /** No other node has this node's name. */
  readonly nameIsFree = async (): Promise<void> => {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    const { store } = this.#deps;
    const forget = () => store.write([forgetMeta(COPIED), saveRestored(store)]);
    if (await retryUntilStopped(forget, { ...this.#deps, signal: this.#stop.signal }))
      await this.#left.recover(this.#ask);
  };

  /** Takes a message that came for a method. */
  receive(message: WireMessage, method: Method): void {
    const arrival = unfoldMessage(message);
    const header = arrival.header(HEADER.lane);
    const { subject, sender } = arrival;
    // A message without a place in a lane comes from a reference node: taken as it comes, in its order.
    const lane = { epoch: LOOSE, subject, method, sender };
    if (header === undefined) return this.#lanes.of(lane).receiveLoose(arrival);
    const place = parseLanePlace(header);
    if (place) return this.#lanes.of({ ...lane, epoch: place.epoch }).receive(arrival, place);
    const reason = `the header ${HEADER.lane} ${JSON.stringify(header.slice(0, 100))} is not <epoch>/<seq>/<floor>`;
    const { errorReporter, trust } = this.#deps;
    trust.tellRefused({ message: undefined, proved: sender }, (from) =>
      errorReporter.report(`error: ${method.name}: a message from ${from} was refused: ${reason}`),
    );
    if (!arrival.reply || !isAnswered(method.kind)) return;
    const headers = {
      [HEADER.status]: 'rejected',
      [HEADER.reason]: headerText(reason),
      [HEADER.id]: arrival.header(HEADER.id) ?? '',
    };
    this.#deps.bus.publish(arrival.reply, `confirmed from: ${this.#options.nodeName}: 0`, { headers });
  }

  /**
   * Sees to it that a request does not run, or not any longer: one that runs is stopped, one that waits ends, and
   * one that has not come yet will not run when it comes. What has ended is reported once more.
   */
  async cancel(id: string): Promise<void> {
    const { store, clock } = this.#deps;
    const stored = store.get<StoredRow>('SELECT * FROM journal WHERE id = ?', id);
    if (stored?.ended_at != null) return this.#reportAgain(stored.row);
    await store.write([this.#cancellations.add(id, clock.wallNow())]);
    if (this.schedules.cancel(id) || this.#runner.cancel(id) || !stored) return;
    const row = toRow(stored);
    if (this.#queues.of(row.fromNode, row.subject).remove(row.row))
      return await this.#runner.ends.cancelled(row);
    const { forward } = this.relayed.rowOf(id) ?? {};
    if (forward) await this.#deps.relaying.cancelForwarded(forward);
  }

  /** Deletes what ended more than `keepMs` ago, or is not among the newest `keepCount` rows. */
  async prune(options: { keepMs: number; keepCount: number }): Promise<number> {
    const { store, clock } = this.#deps;
    const before = clock.wallNow() - options.keepMs;
    const [firstYoung] = await store.query<{ row: number }>(
      'SELECT row FROM journal WHERE accepted_at >= ? ORDER BY row LIMIT 1',
      before,
    );
    const parts = forgetOldParts(store, clock.wallNow(), PARTS_MESSAGES * this.#options.maxMessageBytes);
    await store.write([this.#cancellations.forgetBefore(before), ...this.#lanes.prune(), ...parts]);
    return await prune(store, {
      table: 'journal',
      order: 'row',
      removable: 'ended_at IS NOT NULL AND reported = 1',
      before: firstYoung?.row ?? this.#nextRow,
      keepCount: options.keepCount,
    });
  }

  /** Finishes what is being accepted, stops what runs (it ends as interrupted), and queues the reports. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lanes.idle();
    this.#interrupted[Symbol.dispose]();
    this.#stop.abort(new StopReason('stopping', 'the node stops'));
    await this.#queues.idle();
    await this.schedules.idle();
    await this.rests.idle();
    await this.#reporter[Symbol.asyncDispose]();
  }

  readonly #reportAgain = (row: number): void => {
    const ended = this.#deps.store.get<StoredRow>(
      'SELECT * FROM journal WHERE row = ? AND ended_at IS NOT NULL AND reported = 1',
      row,
    );
    if (ended && ended.from_node !== '') this.#reporter.add(ended.from_node, toReport(ended));
  };

  readonly #enqueue = (rows: readonly JournalRow[], messages: readonly Message[], isBegun: boolean): void => {
    rows.forEach((row, index) => {
      const queue = this.#queues.of(row.fromNode, row.subject);
      if (isBegun && index === 0) queue.addBegun(row, messages[index]!);
      else queue.add(row, messages[index]);
    });
  };

  /** A row that says `running` before anything has begun is the promise; so one commit is enough where nobody is before it. */
  readonly #beginsAtOnce = ({ id, fromNode, subject, schedule, supersedes }: JournalRow): boolean => {
    if (schedule != null || supersedes != null || this.#cancellations.ids.has(id)) return false;
    return this.#runMethodOf(subject)?.mode === 'run' && this.#queues.of(fromNode, subject).keepPlace();
  };

  readonly #runMethodOf = (subject: string) => {
    const method = this.#deps.methods.get(parseSubject(subject)?.method ?? '');
    return method?.mode === 'effect' ? undefined : method;
  };

  readonly #load = (row: number): JournalRow | undefined => {
    const stored = this.#deps.store.get<StoredRow>('SELECT * FROM journal WHERE row = ?', row);
    return stored && toRow(stored);
  };
}
