import { wait } from '../../lib/clock.ts';
import { isTemporary } from '../../lib/temporary-error.ts';
import { unpackedBytes } from '../../message/codec/compression.ts';
import { type AnswerStatus, HEADER, headerText, type LanePlace } from '../../message/codec/wire-headers.ts';
import { isAnswered } from '../../message/kind.ts';
import type { WireMessage } from '../../message/wire-message.ts';
import type { Method } from '../../methods/method.ts';
import type { JournalDeps, JournalOptions } from '../journal-deps.ts';
import { LARGE_BYTES } from '../perils.ts';
import { AnswerWriter } from './answer-writer.ts';
import { BatchAcceptor, type BatchAcceptorDeps } from './batch-acceptor.ts';
import { FaultCount } from './fault-count.ts';
import { KeptParts } from './kept-parts.ts';
import { type LaneMessage, LaneRecord, type LaneState, waitingBytes } from './lane-record.ts';
import { PartAssembly } from './part-assembly.ts';
import type { PartMemory } from './part-memory.ts';
import type { ReceivingMemory } from './receiving-memory.ts';
import { seenId } from './seen-id.ts';
import { idOf, makeWhole, openLaneMessage, perilIdOf, toLaneMessage } from './to-lane-message.ts';

export interface ReceivingLaneDeps extends JournalDeps, Omit<BatchAcceptorDeps, keyof JournalDeps> {
  /** Returns a row number that was never used. */
  allocateRow(): number;
  readonly partMemory: PartMemory;
  readonly memory: ReceivingMemory;
  readonly interrupted: { has(lane: number): boolean };
  /** Reports the end of a row, if it has ended, once more. */
  reportAgain(row: number): void;
}

const BATCH_MESSAGES = 512;
/** What may wait in one lane, what a lane takes with a transaction of its own, and without one where its sender is known; bytes. */
const [QUEUE_BYTES, LANE_BYTES, KNOWN_LANE_BYTES] = [16 * 1024 * 1024, 20_000, 5000];
/** What a lane takes while it waits: one whose sender is known, as those of a fleet's reports, takes the rest when its turn comes. */
const waitingLaneBytes = (sender: string): number => (sender === '' ? LANE_BYTES : KNOWN_LANE_BYTES);
/** How often a message may come with a fault that does not pass before it is set aside. */
const MAX_FAULTS = 5;
const UNCHECKED = 'what a crash cut short cannot be checked yet: mend or move its file, which the log names';

/** Takes the messages of one sender's lane: each once, in order, and answers when that is on disk. */
export class ReceivingLane {
  readonly #state: LaneState;
  readonly #method: Method;
  readonly #options: JournalOptions;
  readonly #deps: ReceivingLaneDeps;
  readonly #answers: AnswerWriter;
  readonly #acceptor: BatchAcceptor;
  readonly #parts: PartAssembly;
  /** What was taken and is not answered, by its place. */
  readonly #unanswered = new Map<number, LaneMessage>();
  #queue: LaneMessage[] = [];
  #queueBytes = 0;
  #drain: Promise<void> | undefined;
  readonly #faults = new FaultCount();
  /** Whose share of the memory it takes; '' where that is not known. */
  #sender: string;

  constructor(state: LaneState, method: Method, options: JournalOptions, deps: ReceivingLaneDeps) {
    this.#state = state;
    this.#sender = state.fromNode;
    this.#method = method;
    this.#options = options;
    this.#deps = deps;
    const record = new LaneRecord(state, deps);
    this.#acceptor = new BatchAcceptor({ ...state, method, record }, deps);
    const [maxBytes, memory, kept] = [options.maxMessageBytes, deps.partMemory, new KeptParts(state, deps)];
    this.#parts = new PartAssembly({ ...deps, maxBytes, memory, kept });
    this.#answers = new AnswerWriter(
      { nodeName: options.nodeName, isSilent: !isAnswered(method.kind) },
      deps,
    );
  }

  /** Takes a message that has no place in a lane. */
  receiveLoose(arrival: WireMessage): void {
    if (this.#hasRoom) this.#take(arrival, 0, arrival.payload);
  }

  /** Takes a message if its turn has come, and answers what to do otherwise. */
  receive(arrival: WireMessage, place: LanePlace): void {
    const state = this.#state;
    if (this.#deps.interrupted.has(state.id)) return this.#busy(arrival, place.seq, UNCHECKED);
    if (place.floor > state.next) {
      state.next = place.floor;
      this.#parts.clear();
    }
    if (place.seq > state.next || arrival.header(HEADER.lacks)) return this.#gap(arrival, place);
    if (place.seq < state.next) return this.#onKnown(arrival, place);
    if (!this.#hasRoom) return this.#busy(arrival, place.seq, 'more messages wait than fit into memory');
    const part = arrival.header(HEADER.part);
    if (part !== undefined) return this.#takePart(arrival, place, part);
    // What is not here to fill it in is asked for in parts.
    if (!arrival.header(HEADER.told)) this.#parts.clear();
    this.#take(arrival, place.seq, arrival.payload);
  }

  get #hasRoom(): boolean {
    // Pieces of a message that has begun to come have a memory of their own.
    return (
      this.#queueBytes <= QUEUE_BYTES &&
      (this.#deps.memory.hasRoomToWait(this.#sender) || this.#parts.isHolding)
    );
  }

  /** Whether nothing is taken that is not answered, and the database knows the lane as it stands. */
  get isAtRest(): boolean {
    return !this.#drain && !this.#parts.isHolding && this.#acceptor.isWritten;
  }

  /** Resolves when all that was taken is answered, and written down, before the node stops. */
  async idle(): Promise<void> {
    while (this.#drain) await this.#drain;
    this.#answers.flush();
    await this.#acceptor.flush();
    this.#acceptor[Symbol.dispose]();
  }

  #takePart(arrival: WireMessage, place: LanePlace, header: string): void {
    const [{ seq }, id] = [place, idOf(arrival)];
    const part = this.#parts.add(seq, header, { id, bytes: arrival.payload });
    if (part.status === 'whole') return this.#take(arrival, seq, part.bytes);
    if (part.status === 'fault') return this.#take(arrival, seq, undefined, part.fault);
    const headers: Record<string, string> = part.place ? { [HEADER.part]: part.place } : {};
    if (part.status === 'gap') return this.#gap(arrival, place, headers);
    this.#answers.one(arrival.reply, 'part', { seq, id, headers });
  }

  #take(arrival: WireMessage, seq: number, whole: Uint8Array | undefined, known?: string): void {
    const [{ clock, kept, newId, perils, trust }, method] = [this.#deps, this.#method];
    const perilId = perilIdOf(arrival, whole);
    const peril = perils?.faultOf(perilId, whole?.length ?? 0);
    const fault = known ?? peril ?? trust.refusalUnread({ method: method.name, proved: arrival.sender });
    const payload = fault === undefined ? whole : undefined;
    const item = toLaneMessage(arrival, { seq, payload, fault, perilId, method, clock, kept, newId });
    if (seq > 0) {
      this.#state.next = seq + 1;
      if (item.id > this.#state.lastId) this.#state.lastId = item.id;
      this.#unanswered.set(seq, item);
    }
    if (!this.#drain) this.#sender = this.#state.fromNode;
    this.#queue.push(item);
    this.#count([item], 1);
    this.#drain ??= this.#run();
  }

  /** A place that was taken before: answered as it was then, or when it is done. */
  #onKnown(arrival: WireMessage, { seq, isFollowed = false }: LanePlace): void {
    const [waiting, id] = [this.#unanswered.get(seq), idOf(arrival)];
    if (this.#state.fromNode !== '') this.#deps.fleet.heard(this.#state.fromNode, arrival.reply);
    if (waiting && waiting.id === id) return void Object.assign(waiting, { reply: arrival.reply });
    const known =
      waiting ??
      this.#deps.store.get<{ row: number; id: string; state: string; reason: string | null }>(
        'SELECT row, id, state, reason FROM journal WHERE lane = ? AND seq = ?',
        ...[this.#state.id, seq],
      );
    const seen = seenId(known?.id, id, this.#state.lastId);
    if (seen !== id)
      return this.#answers.one(arrival.reply, 'duplicate', { seq, id, headers: { [HEADER.seenId]: seen } });
    const row = known && 'state' in known ? known : undefined;
    const status: AnswerStatus =
      row?.state === 'rejected' || row?.state === 'expired' ? row.state : 'duplicate';
    const item = { seq, id, reply: arrival.reply, isFollowed };
    this.#answers.run([item], new Map([[item, { status, ...(row?.reason ? { reason: row.reason } : {}) }]]));
    // The sender may have lost what it was told, by going back to a backup.
    if (row) this.#deps.reportAgain(row.row);
  }

  #gap(arrival: WireMessage, { seq, isFollowed }: LanePlace, more?: Record<string, string>): void {
    // The answer to the one right behind says the same.
    if (isFollowed) return;
    const headers = { [HEADER.expects]: String(this.#state.next), ...more };
    this.#answers.one(arrival.reply, 'gap', { seq, id: idOf(arrival), headers });
  }

  #busy(arrival: WireMessage, seq: number, reason: string): void {
    this.#answers.one(arrival.reply, 'busy', { seq, id: idOf(arrival), reason });
  }

  async #run(): Promise<void> {
    // What comes in one read of the socket becomes one batch.
    const { clock, memory } = this.#deps;
    memory.wait(waitingLaneBytes(this.#sender), this.#sender);
    await wait(clock, 0);
    while (this.#queue.length > 0) {
      const { batch, bytes } = await this.#open();
      await this.#settle(batch);
      for (const message of batch) message.message = undefined;
      this.#parts.passed(this.#state.next);
      memory.release(bytes);
      this.#count(batch, -1);
      for (const { seq, perilId } of batch) {
        this.#unanswered.delete(seq);
        this.#deps.perils?.release(perilId);
      }
    }
    memory.wait(-waitingLaneBytes(this.#sender), this.#sender);
    // Not a moment later: what is taken from now on needs a new run.
    this.#drain = undefined;
  }

  /** Takes the next messages out of the queue and decodes them, as many as memory has room for; one at least. */
  async #open(): Promise<{ batch: readonly LaneMessage[]; bytes: number }> {
    const { memory, perils } = this.#deps;
    await memory.turn(this.#sender);
    let [bytes, count] = [LANE_BYTES - waitingLaneBytes(this.#sender), 0];
    memory.hold(bytes);
    const isAlone = (at: number) => perils?.suspects.has(this.#queue[at]?.perilId ?? '') === true;
    try {
      do {
        const taken = this.#openOne(this.#queue[count++]!);
        memory.hold(taken);
        bytes += taken;
      } while (
        count < Math.min(this.#queue.length, BATCH_MESSAGES) &&
        memory.hasRoom &&
        !isAlone(count - 1) &&
        !isAlone(count)
      );
    } finally {
      memory.endTurn();
    }
    return { batch: this.#queue.splice(0, count), bytes };
  }

  /** Counts messages that wait (1), or that do not any more (-1). */
  #count(messages: readonly LaneMessage[], sign: 1 | -1): void {
    let bytes = 0;
    for (const message of messages) bytes += waitingBytes(message);
    this.#queueBytes += sign * bytes;
    this.#deps.memory.wait(sign * bytes, this.#sender);
  }

  #openOne(message: LaneMessage): number {
    const [{ subject }, { perilId, payload, written }] = [this.#state, message];
    const options = { subject, method: this.#method, maxBytes: this.#options.maxMessageBytes };
    this.#deps.perils?.hold(perilId, unpackedBytes(payload, written.cmp, LARGE_BYTES));
    const bytes = openLaneMessage(message, options, this.#deps.trust);
    if (!message.message || message.fault) return bytes;
    message.sender = this.#deps.trust.senderOf(message.message, message.proved) ?? '';
    if (message.seq > 0 && this.#state.fromNode === '') this.#state.fromNode = message.sender;
    if (message.sender !== '') this.#deps.fleet.heard(message.sender, message.reply);
    return message.told ? bytes + makeWhole(message, { ...this.#deps, method: this.#method }) : bytes;
  }

  /** Accepts a batch and answers it; what one message of it does to this node is not its neighbours' matter. */
  async #settle(batch: readonly LaneMessage[]): Promise<void> {
    try {
      this.#answers.run(batch, await this.#acceptor.accept(batch));
    } catch (error) {
      const isWorthEach = batch.length > 1 && this.#acceptor.isWorthEach(error, batch);
      await (isWorthEach ? this.#settleEach(batch) : this.#onFault(batch, error as Error));
    }
  }

  async #settleEach(batch: readonly LaneMessage[]): Promise<void> {
    for (const [index, message] of batch.entries()) {
      try {
        this.#answers.run([message], await this.#acceptor.accept([message]));
      } catch (error) {
        // What comes behind one without a place is of another node.
        if (message.seq > 0) return await this.#onFault(batch.slice(index), error as Error);
        await this.#onFault([message], error as Error);
      }
    }
  }

  /** Whatever is not known is later, never a rejection; but what fails each time must not hold up the lane for ever. */
  async #onFault(batch: readonly LaneMessage[], error: Error): Promise<void> {
    const first = batch[0]!;
    if (first.seq === 0 || isTemporary(error) || this.#faults.add(first) < MAX_FAULTS)
      return this.#refuseForNow(batch, error);
    try {
      this.#answers.run([first], await this.#acceptor.setAside(first, error));
    } catch (fault) {
      return this.#refuseForNow(batch, fault as Error);
    }
    if (batch.length > 1) await this.#settle(batch.slice(1));
  }

  /** Nothing of the batch counts: the lane stands where it was, and the sender is to try again later. */
  #refuseForNow(batch: readonly LaneMessage[], error: Error): void {
    const first = batch[0]!;
    const reason = headerText(error.message);
    const { logger } = this.#deps;
    const about = { ...(isTemporary(error) ? {} : { err: error }), subject: this.#state.subject };
    // That something is not here to fill in is no fault.
    if (!first.lacks) logger.warn(about, `messages are not accepted for now: ${reason}`);
    if (first.seq === 0) return;
    this.#state.next = first.seq;
    if (!first.lacks) this.#parts.clear();
    const dropped = [...batch, ...this.#queue];
    this.#count(this.#queue, -1);
    this.#queue = [];
    this.#unanswered.clear();
    for (const { perilId } of dropped) this.#deps.perils?.release(perilId);
    const last = dropped.at(-1)!;
    this.#answers.one(last.reply, 'busy', { seq: first.seq, id: last.id, reason });
  }
}
