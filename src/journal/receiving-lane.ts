import { TemporaryError } from '../lib/temporary-error.ts';
import type { Message } from '../message/message.ts';
import { senderOf } from '../message/sender-of.ts';
import { type AnswerStatus, HEADER, headerText, type LanePlace, parsePair } from '../message/wire-headers.ts';
import type { Statement } from '../store/statement.ts';
import { AnswerWriter } from './answer-writer.ts';
import { applySafely } from './apply-safely.ts';
import type { Arrival, JournalDeps, JournalMethod, JournalOptions } from './journal-deps.ts';
import { type Item, LaneRecord, type LaneState, type Verdict } from './lane-record.ts';
import { PartAssembly, type PartMemory } from './part-assembly.ts';
import { insertAccepted, type JournalRow } from './rows.ts';
import { idOf, toItem } from './to-item.ts';

export interface ReceivingLaneDeps extends JournalDeps {
  /** Gives a row number that was never used. */
  allocateRow(): number;
  readonly partMemory: PartMemory;
  /** Takes over what was journalled. */
  onAccepted(rows: readonly JournalRow[], method: JournalMethod, messages: readonly Message[]): void;
  /** Reports the end of a row, if it has ended, once more. */
  reportAgain(row: number): void;
}

const BATCH_MESSAGES = 512;
const QUEUE_BYTES = 64 * 1024 * 1024;

/** Takes the messages of one sender's lane: each once, in order, and answers when that is on disk. */
export class ReceivingLane {
  readonly #state: LaneState;
  readonly #method: JournalMethod;
  readonly #options: JournalOptions;
  readonly #deps: ReceivingLaneDeps;
  readonly #answers: AnswerWriter;
  readonly #record: LaneRecord;
  readonly #parts: PartAssembly;
  /** What was taken and is not answered, by its place. */
  readonly #unanswered = new Map<number, Item>();
  #queue: Item[] = [];
  #queueBytes = 0;
  #drain: Promise<void> | undefined;

  constructor(state: LaneState, method: JournalMethod, options: JournalOptions, deps: ReceivingLaneDeps) {
    this.#state = state;
    this.#method = method;
    this.#options = options;
    this.#deps = deps;
    this.#record = new LaneRecord(state, deps);
    this.#parts = new PartAssembly(options.maxMessageBytes, deps.partMemory);
    this.#answers = new AnswerWriter({ nodeName: options.nodeName, isSilent: !method.isAnswered }, deps);
  }

  /** Takes a message that has no place in a lane. */
  receiveLoose(arrival: Arrival): void {
    if (this.#queueBytes < QUEUE_BYTES) this.#take(arrival, 0, arrival.payload);
  }

  /** Takes a message if its turn has come, and answers what to do otherwise. */
  receive(arrival: Arrival, place: LanePlace): void {
    const state = this.#state;
    if (place.floor > state.next) {
      state.next = place.floor;
      this.#parts.clear();
    }
    if (place.seq < state.next) return this.#onKnown(arrival, place.seq);
    if (place.seq > state.next) return this.#gap(arrival, place.seq);
    if (this.#queueBytes > QUEUE_BYTES)
      return this.#busy(arrival, place.seq, 'more messages wait than fit into memory');
    const part = arrival.header(HEADER.part);
    if (part === undefined) return this.#take(arrival, place.seq, arrival.payload);
    this.#takePart(arrival, place.seq, part);
  }

  /** Resolves when all that was taken is answered. */
  async idle(): Promise<void> {
    while (this.#drain) await this.#drain;
  }

  #takePart(arrival: Arrival, seq: number, header: string): void {
    const part = parsePair(header, '/');
    if (!part) {
      const fault = `the header ${HEADER.part} ${JSON.stringify(header)} is not <i>/<n>`;
      return this.#take(arrival, seq, undefined, fault);
    }
    const result = this.#parts.add(seq, { index: part[0], total: part[1], bytes: arrival.payload });
    if (result === 'gap') return this.#gap(arrival, seq);
    if (result === 'too-large') {
      const limit = this.#options.maxMessageBytes / 1024 / 1024;
      const fault = `the message is larger than this node takes (maxMessageMB: ${limit})`;
      return this.#take(arrival, seq, undefined, fault);
    }
    if (result === 'more')
      this.#answers.one(arrival.reply, 'part', {
        seq,
        id: idOf(arrival),
        headers: { [HEADER.part]: header },
      });
    else this.#take(arrival, seq, result);
  }

  #take(arrival: Arrival, seq: number, payload: Uint8Array | undefined, fault?: string): void {
    const { maxMessageBytes } = this.#options;
    const item = toItem(arrival, { seq, payload, fault, method: this.#method, maxBytes: maxMessageBytes });
    if (seq > 0) {
      this.#state.next = seq + 1;
      if (item.id > this.#state.lastId) this.#state.lastId = item.id;
      this.#unanswered.set(seq, item);
    }
    if (item.message && !item.fault) this.#deps.onAlive(senderOf(item.message));
    this.#queue.push(item);
    this.#queueBytes += item.payload.length;
    this.#drain ??= this.#run();
  }

  /** A place that was taken before: answered as it was then, or when it is done. */
  #onKnown(arrival: Arrival, seq: number): void {
    const waiting = this.#unanswered.get(seq);
    const id = idOf(arrival);
    if (waiting && waiting.id === id) {
      waiting.reply = arrival.reply;
      return;
    }
    const known =
      waiting ??
      this.#deps.store.get<{ row: number; id: string; state: string; reason: string | null }>(
        'SELECT row, id, state, reason FROM journal WHERE lane = ? AND seq = ?',
        ...[this.#state.id, seq],
      );
    const seenId = this.#seenId(known?.id, id);
    if (seenId !== id) {
      const headers = { [HEADER.seenId]: seenId };
      return this.#answers.one(arrival.reply, 'duplicate', { seq, id, headers });
    }
    const row = known && 'state' in known ? known : undefined;
    const status: AnswerStatus =
      row?.state === 'rejected' || row?.state === 'expired' ? row.state : 'duplicate';
    this.#answers.one(arrival.reply, status, { seq, id, ...(row?.reason ? { reason: row.reason } : {}) });
    // The sender may have lost what it was told, by going back to a backup.
    if (row) this.#deps.reportAgain(row.row);
  }

  /**
   * The id of the message that a place was taken for. What has a higher id than all that was taken in the lane cannot
   * be a repetition, even where nothing else is known of it.
   */
  #seenId(known: string | undefined, id: string): string {
    const { lastId } = this.#state;
    return known ?? (lastId !== '' && id > lastId ? lastId : id);
  }

  #gap(arrival: Arrival, seq: number): void {
    const headers = { [HEADER.expects]: String(this.#state.next) };
    this.#answers.one(arrival.reply, 'gap', { seq, id: idOf(arrival), headers });
  }

  #busy(arrival: Arrival, seq: number, reason: string): void {
    this.#answers.one(arrival.reply, 'busy', { seq, id: idOf(arrival), reason });
  }

  async #run(): Promise<void> {
    // What comes in one read of the socket becomes one batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, BATCH_MESSAGES);
      for (const item of batch) this.#queueBytes -= item.payload.length;
      try {
        await this.#process(batch);
      } catch (error) {
        this.#refuseForNow(batch, error as Error);
      }
      for (const { seq } of batch) this.#unanswered.delete(seq);
    }
    // Not a moment later: what is taken from now on needs a new run.
    this.#drain = undefined;
  }

  async #process(batch: readonly Item[]): Promise<void> {
    const now = this.#deps.now();
    const good = batch.filter((item) => !item.fault && !isOver(item, now));
    const verdicts = new Map<Item, Verdict>();
    for (const item of batch) {
      if (item.fault) verdicts.set(item, { status: 'rejected', reason: item.fault });
      else if (isOver(item, now))
        verdicts.set(item, { status: 'expired', reason: 'it came after its time was over' });
    }
    await this.#deps.beforeAccepted?.(good.map(({ id, message }) => ({ id, message: message! })));
    if (this.#method.mode === 'effect') await this.#applyEffects(batch, good, verdicts);
    else await this.#journal(batch, good, verdicts);
    for (const [item, verdict] of verdicts) this.#complain(item, verdict);
    this.#answers.run(batch, (item) => verdicts.get(item) ?? { status: 'accepted' });
  }

  async #applyEffects(
    batch: readonly Item[],
    good: readonly Item[],
    verdicts: Map<Item, Verdict>,
  ): Promise<void> {
    if (this.#method.mode !== 'effect') return;
    let intended: ReadonlySet<Item> | undefined;
    const intend = async (note: string) => {
      const written = intended;
      intended = new Set(verdicts.keys());
      await this.#write([
        this.#record.saveLane(batch[0]!.seq),
        this.#record.intent(this.#method.name, batch, note),
        ...this.#record.refused(verdicts, written),
      ]);
    };
    const incoming = good.map((item) => ({ id: item.id, message: item.message! }));
    const outcomes = good.length > 0 ? await applySafely(this.#method, incoming, intend) : [];
    outcomes.forEach((outcome, index) => {
      if (!outcome.ok) verdicts.set(good[index]!, { status: 'rejected', reason: outcome.reason });
    });
    const statements = [
      this.#record.saveLane(this.#nextAfter(batch)),
      ...this.#record.refused(verdicts, intended),
    ];
    if (intended) statements.push(this.#record.forgetIntent());
    const written = this.#write(statements);
    // After an intent the effect itself proves what was taken, and the sender's floor carries the rest.
    if (!intended || verdicts.size > 0) await written;
    else
      written.catch((error) =>
        this.#deps.logger.warn(
          { err: error },
          'the journal could not be written; it is mended at the next start',
        ),
      );
  }

  async #journal(batch: readonly Item[], good: readonly Item[], verdicts: Map<Item, Verdict>): Promise<void> {
    const rows = good.map((item) => this.#record.rowOf(item));
    await this.#write([
      this.#record.saveLane(this.#nextAfter(batch)),
      insertAccepted(rows),
      ...this.#record.refused(verdicts),
    ]);
    const messages = good.map((item) => item.message!);
    this.#deps.onAccepted(rows, this.#method, messages);
  }

  /** Nothing of the batch counts: the lane stands where it was, and the sender is to try again later. */
  #refuseForNow(batch: readonly Item[], error: Error): void {
    const first = batch[0]!;
    const reason = headerText(error.message);
    this.#deps.logger.warn(
      { err: error, subject: this.#state.subject },
      `messages are not accepted for now: ${reason}`,
    );
    if (first.seq === 0) return;
    this.#state.next = first.seq;
    this.#parts.clear();
    const dropped = [...batch, ...this.#queue];
    this.#queue = [];
    this.#queueBytes = 0;
    this.#unanswered.clear();
    const last = dropped.at(-1)!;
    this.#answers.one(last.reply, 'busy', { seq: first.seq, id: last.id, reason });
  }

  #complain(item: Item, verdict: Verdict): void {
    if (verdict.status === 'accepted') return;
    const from = item.message?.fromNode ?? this.#state.fromNode;
    this.#deps.reportError(
      `error: ${this.#method.name}: a message from ${from || 'an unknown node'} was ${verdict.status}: ${verdict.reason}`,
      item.message,
    );
  }

  #nextAfter(batch: readonly Item[]): number {
    const last = batch.at(-1)!.seq;
    return last === 0 ? 0 : last + 1;
  }

  /** A write that fails is a fault that passes: the sender keeps what is not accepted. */
  async #write(statements: readonly Statement[]): Promise<void> {
    try {
      await this.#deps.store.write(statements);
    } catch (error) {
      throw new TemporaryError((error as Error).message, { cause: error });
    }
  }
}

function isOver(item: Item, now: number): boolean {
  return item.notAfter !== null && item.notAfter < now;
}
