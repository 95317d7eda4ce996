import { wait } from '../lib/clock.ts';
import { TemporaryError } from '../lib/temporary-error.ts';
import { wholeMs } from '../lib/whole-ms.ts';
import { AnswerInbox } from '../link/answer-inbox.ts';
import type { WireMessage } from '../message/wire-message.ts';
import { LANE_SPAN, type Statement } from '../store/store.ts';
import { ConnectedClock } from './connected-clock.ts';
import { Undelivered } from './ends/cancel-queued.ts';
import { OutcomeWriter } from './ends/outcome-writer.ts';
import { OutputRoom } from './ends/output-room.ts';
import { Overdue } from './ends/overdue.ts';
import { Strangers } from './ends/strangers.ts';
import { Superseding } from './ends/superseding.ts';
import { BodyMemory } from './lane/body-memory.ts';
import type { Lane } from './lane/lane.ts';
import { type LaneStatus, laneStatus } from './lane/lane-status.ts';
import type { Entry } from './lane/lane-window.ts';
import { IDLE_MS, Lanes } from './lanes.ts';
import type { Askers, OutboxDeps, OutboxListener, OutboxStart, OutgoingMessage } from './outbox-deps.ts';
import type { Peers } from './peers.ts';
import { QueuedRows } from './queued-rows.ts';

export type { OutgoingMessage } from './outbox-deps.ts';

export interface OutboxOptions {
  readonly nodeName: string;
  /** Whether this node may have sent more than its database knows: then what is new goes into new epochs, from now on. */
  readonly isDoubtful?: boolean;
  /** How long a message without a budget and a life of its own is kept, ms. */
  readonly messageTtlMs: number;
  /** A node that is none of those whose name may be made up. */
  readonly centralNodeName?: string;
  /** How much output may wait, bytes; no limit unless told. */
  readonly maxOutputBytes?: number;
}

/** How long a stop waits for answers that no other attempt must follow, and how often it looks, ms. */
const [LAST_ANSWERS_MS, LOOK_MS] = [2000, 20];
/** The durable queue of all that this node has to deliver, one lane for each subject. */
export class Outbox implements AsyncDisposable {
  readonly #deps: OutboxDeps;
  readonly #lanes: Lanes;
  readonly #inbox: AnswerInbox;
  readonly #clock: ConnectedClock;
  readonly #outcomes: OutcomeWriter;
  /** Finds what is not delivered yet, and ends it. */
  readonly undelivered: Undelivered;
  /** What is known of the nodes that it delivers to. */
  readonly peers: Peers;
  readonly #listeners: OutboxListener[] = [];
  readonly #overdue: Overdue;
  readonly #strangers: Strangers;
  readonly #outputRoom: OutputRoom;
  readonly #superseding: Superseding;

  constructor(options: OutboxOptions, deps: OutboxDeps) {
    this.#deps = deps;
    this.#clock = new ConnectedClock({ store: deps.store, now: deps.clock.steadyNow });
    this.#outcomes = new OutcomeWriter({ ...deps, listeners: this.#listeners });
    const life = deps.random.bytes(5).toString('hex');
    this.#inbox = new AnswerInbox({ nodeName: options.nodeName, life }, deps.transport);
    this.#lanes = new Lanes(
      { isDoubtful: options.isDoubtful === true },
      {
        ...{ ...deps, outcomes: this.#outcomes, inbox: this.#inbox },
        nodeName: options.nodeName,
        bodies: new BodyMemory(),
        centralNodeName: options.centralNodeName,
        mayBeOriginal: (node) => deps.words?.mayBeOriginal?.(node) ?? true,
        generations: { instance: life, last: 0 },
      },
    );
    this.peers = this.#lanes.peers;
    const onCallOff = () => this.#overdue.lookWithin(0);
    this.#superseding = new Superseding({ ...deps, lanes: this.#lanes, onCallOff });
    this.undelivered = new Undelivered({
      ...{ ...deps, outcomes: this.#outcomes, lanes: this.#lanes, onCancel: onCallOff },
    });
    this.#strangers = new Strangers(options, deps);
    this.#overdue = new Overdue(options, {
      ...{ ...deps, connected: this.#clock, lanes: this.#lanes },
      ...{ undelivered: this.undelivered, outcomes: this.#outcomes },
      strangers: this.#strangers,
    });
    this.#outputRoom = new OutputRoom(
      { maxBytes: options.maxOutputBytes ?? Number.POSITIVE_INFINITY },
      {
        ...{ ...deps, lanes: this.#lanes, undelivered: this.undelivered },
        onLost: (text) => {
          for (const listener of this.#listeners) listener.report?.(text);
        },
      },
    );
  }

  /** Begins to deliver what lies on disk. Nothing can be queued before. */
  start({ processes, listeners, ...more }: OutboxStart): void {
    this.#listeners.push(...listeners);
    this.#lanes.start(processes, more);
    this.#superseding.start();
    this.#overdue.lookWithin(0);
    this.#outputRoom.queued(1);
  }

  /** Sends nothing more, and waits a moment for what original nodes have not answered yet: they would do it twice. */
  async hush(): Promise<void> {
    const { clock } = this.#deps;
    const until = clock.steadyNow() + LAST_ANSWERS_MS;
    while ([...this.#lanes].filter((lane) => lane.hush()).length > 0 && clock.steadyNow() < until)
      await wait(clock, LOOK_MS);
  }

  /** How many messages lie on disk, to be delivered. */
  get length(): number {
    let count = 0;
    for (const lane of this.#lanes) count += lane.queue.length;
    return count;
  }

  /** How many lanes are in memory: those to nodes that nobody has heard of are few. */
  get laneCount(): number {
    return this.#lanes.loaded.size;
  }

  /** How many messages lie on disk for one subject. */
  waitingFor(subject: string): number {
    return this.#lanes.loaded.get(subject)?.queue.length ?? 0;
  }

  /** How many of these were not sent as a whole since the node was connected last, and how many times smaller others became. */
  paceFor(subject: string): { readonly unsent: number; readonly shrink: number } {
    const queue = this.#lanes.loaded.get(subject)?.queue;
    const unsent = queue ? queue.length - queue.window.inFlight : 0;
    return { unsent, shrink: queue?.window.shrink ?? 1 };
  }

  /** Whether more may be queued for a node: for a name that is likely made up only while few such wait, or will. */
  hasRoomFor(node: string, askers: Askers): boolean {
    if (!this.#lanes.isCrowded(askers) || !this.#strangers.has(node)) return true;
    this.#lanes.introduce(node);
    return false;
  }

  /** Tells, when it is asked, whether all has ended that waits for a subject now. */
  deliveredSoFar(subject: string): () => boolean {
    const queue = this.#lanes.loaded.get(subject)?.queue;
    const last = queue?.lastQueued ?? 0;
    return () => !queue?.length || (queue.window.first?.seq ?? 0) > last;
  }

  /** When a message was first sent whose answer is not here or not written yet, ms; null where it was not, or not in this life. */
  sentAt({
    id,
    key,
    subject,
  }: {
    readonly id: string;
    readonly key: number;
    readonly subject: string;
  }): number | null {
    const queue = this.#lanes.loaded.get(subject)?.queue;
    const seq = key % LANE_SPAN;
    return (
      this.#outcomes.sentAt.get(id) ??
      ((queue?.key(seq) === key && queue.window.find(seq)?.firstSentAt) || null)
    );
  }

  /** How many messages are not delivered yet, and how many of them are on their way. */
  get depth(): { queued: number; sent: number } {
    let sent = 0;
    for (const lane of this.#lanes) sent += lane.queue.window.inFlight;
    return { queued: Math.max(0, this.length - sent), sent };
  }

  /** How many messages lie in memory. */
  get inMemory(): number {
    let count = 0;
    for (const lane of this.#lanes) count += lane.queue.window.length;
    return count;
  }

  /**
   * Takes messages in, together with other statements, in one transaction. Resolves when all is on disk; throws
   * StoreError, and then none of it is.
   */
  async enqueue(messages: readonly OutgoingMessage[], alongside: readonly Statement[] = []): Promise<void> {
    if (!this.#lanes.isStarted) throw new TemporaryError('the node is still starting');
    const rows = new QueuedRows({
      now: wholeMs(this.#deps.kept.now()),
      at: this.#deps.clock.wallNow(),
      connectedMs: this.#clock.read(),
    });
    const byLane = new Map<Lane, Entry[]>();
    const bodies = new Map<Entry, Uint8Array>();
    for (const message of messages) {
      const lane = this.#lanes.to(message.subject);
      const entry = rows.add(message, lane.queue);
      bodies.set(entry, message.body);
      const entries = byLane.get(lane);
      if (entries) entries.push(entry);
      else byLane.set(lane, [entry]);
    }
    const lanes = [...byLane.keys()];
    await this.#write(lanes, alongside, rows.statements(this.#deps.ledger));
    this.#overdue.queued(messages);
    this.#outputRoom.queued(rows.outputBytes);
    for (const listener of this.#listeners) listener.changed?.([messages]);
    for (const [lane, entries] of byLane) {
      if (!rows.mayWait || lane.queue.isSent) lane.pace.gather(this.#deps.clock.steadyNow(), rows.mayWait);
      lane.queue.committed(entries, bodies);
    }
    this.#superseding.queued(messages, ({ subject }) => this.#lanes.to(subject));
    for (const lane of lanes) this.#lanes.run(lane);
  }

  connected(): void {
    this.#clock.start();
    this.#overdue.lookWithin(0);
    this.#deps.link.reset();
    this.#lanes.connected();
  }

  /** A message came. */
  came({ reply, payload }: WireMessage): void {
    this.peers.heard(reply, payload.length);
  }

  disconnected(): void {
    this.#clock.stop();
    this.#inbox.disconnected();
    this.peers.disconnected();
    this.#lanes.disconnected();
  }

  /** How the lanes stand that something waits in, and which of them are known at all. */
  lanes(): LaneStatus[] {
    return Array.from(this.#lanes, this.#statusOf);
  }

  /** How the lane of a subject stands; undefined where there is none. */
  lane(subject: string): LaneStatus | undefined {
    const lane = this.#lanes.loaded.get(subject);
    return lane && this.#statusOf(lane);
  }

  /** Hears the answers to what is sent outside of lanes. */
  get inbox(): AnswerInbox {
    return this.#inbox;
  }

  /**
   * The broker does not allow something. Where a lane's answers come through a subscription, another way is found; why
   * messages do not arrive is told to those who ask.
   */
  refused(operation: 'publish' | 'subscription', subject: string): void {
    if (operation === 'publish') return this.#lanes.loaded.get(subject)?.pace.refused();
    for (const lane of this.#inbox.refused(subject)) this.#lanes.loaded.get(lane)?.answersRefused();
  }

  /** Writes down what is known by now and forgets the lanes. Messages stay on disk. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#overdue[Symbol.dispose]();
    this.#clock.stop();
    await this.#outcomes[Symbol.asyncDispose]();
    await this.#clock.save().catch(() => {});
  }

  readonly #statusOf = (lane: Lane): LaneStatus => {
    const { transport, clock, kept } = this.#deps;
    return laneStatus(lane, {
      isConnected: transport.isConnected,
      linkWaitsFor: transport.line?.waitsFor ?? 'a connection to the broker',
      outcomesFault: this.#outcomes.fault,
      clock,
      kept,
    });
  };

  /** While places wait for the disk, with how far they were given, their lanes are not idle. */
  async #write(
    lanes: readonly Lane[],
    alongside: readonly Statement[],
    statements: readonly Statement[],
  ): Promise<void> {
    const saved: Statement[] = [];
    for (const { queue } of lanes) {
      queue.coming++;
      saved.push(...queue.save());
    }
    try {
      await this.#deps.store.write([...alongside, ...saved, ...statements]);
    } finally {
      for (const { queue } of lanes) queue.coming--;
      // Lanes that were made for what the disk refused are forgotten too.
      this.#overdue.lookWithin(IDLE_MS);
    }
  }
}
