import { receiverOf, relayTargetOf } from '../message/subject.ts';
import { FIRST_SURE_LANE } from '../store/find-older.ts';
import { readMeta, saveMeta } from '../store/meta.ts';
import type { Store } from '../store/store.ts';
import { STRANGER_MS } from './ends/strangers.ts';
import { Lane } from './lane/lane.ts';
import type { LaneDeps } from './lane/lane-deps.ts';
import { newEpoch } from './lane/lane-queue.ts';
import { type LaneRow, readWaitingLanes } from './lane/lane-rows.ts';
import type { Entry } from './lane/lane-window.ts';
import type { Askers, LaneProcesses, OutboxStart } from './outbox-deps.ts';
import { Peers } from './peers.ts';

/** How long a lane without messages stays in memory, ms. */
export const IDLE_MS = 60_000;

/** What goes to a node of which nothing is known, without asking it how it can take more, bytes. */
const STRANGER_BYTES = 16 * 1024;

/** Above this many lanes to nodes that have not answered the names that nobody ever heard of are to wait, and how often they are counted, ms. */
const [MAX_UNKNOWN, COUNT_MS] = [2000, 250];
/** How many lanes each asker will need, for its reply and the report; how many of them are asked at once whether they are there. */
const [LANES_OF_ASKER, MAX_INTRODUCED] = [2, 20];

/** How many lanes begin to send at a time when the link is there: whatever else happens then does not wait for thousands. */
const LANES_AT_ONCE = 64;

/** How long the answer to a ping is waited for before a large message is tried, ms. */
const PING_PATIENCE_MS = 5000;

const LANE = 'SELECT id, subject, epoch, next_seq AS nextSeq FROM lanes';

/** Something that lanes to a node wait for. */
interface Waiting {
  readonly answered: Promise<void>;
  end(): void;
}

/** The lanes that messages wait in, and those that were used lately; the others are rows of the database. */
export class Lanes {
  readonly peers: Peers;
  readonly #deps: LaneDeps;
  readonly #lanes = new Map<string, Lane>();
  /** Those in memory, by subject: something waits in each, or did lately. */
  readonly loaded: ReadonlyMap<string, Lane> = this.#lanes;
  /** Since when lanes have been without messages, ms on a clock that nobody sets. */
  readonly #idle = new Map<Lane, number>();
  #nextId = 1;
  #processes: LaneProcesses | undefined;
  /** In lanes below this one, more may have been sent than this database knows. */
  readonly #firstSure: number;
  #start: Pick<OutboxStart, 'asking' | 'sending'> = {};
  /** Nodes that were asked for their words over this connection, and the questions. */
  readonly #asked = new Map<string, Promise<unknown> | undefined>();
  readonly #pinged = new Set<string>();
  #introduced = 0;
  /** Counts connections, and their ends. */
  #connections = 0;
  /** How many of all, with those that askers need, did not count when they were counted last. */
  #crowd = { at: Number.NEGATIVE_INFINITY, known: 0 };
  /** Waits until more is known of nodes that something was called off to. */
  readonly #awaited = new Map<string, Waiting>();
  /** Waits for answers to pings. */
  readonly #pinging = new Map<string, Waiting>();

  constructor(
    { isDoubtful }: { isDoubtful: boolean },
    deps: Omit<
      LaneDeps,
      | 'allocateLane'
      | 'laneCount'
      | 'onAlive'
      | 'onAway'
      | 'heardWords'
      | 'knows'
      | 'wordsOf'
      | 'introduction'
    >,
  ) {
    this.peers = new Peers(deps);
    this.#deps = {
      ...deps,
      allocateLane: () => this.#nextId++,
      laneCount: () => this.#lanes.size,
      knows: this.peers.knows,
      wordsOf: this.peers.wordsOf,
      introduction: (node, { window: { next }, length }) =>
        // An original node would do what was called off.
        (next && (next.isCalledOff || next.size > STRANGER_BYTES) ? this.#introduction(node) : undefined) ??
        (next?.isCalledOff ? this.#untilKnown(node, next, length === 1) : undefined) ??
        (next && next.size > deps.transport.maxPayload ? this.#untilPinged(node) : undefined),
      onAway: ({ toNode, subject }) => {
        deps.presence?.nobodyListens(toNode, subject);
        this.#pinging.get(toNode)?.end();
        if (relayTargetOf(subject)?.includes('.') && deps.mayBeOriginal(toNode)) this.#pingOnce(toNode);
      },
      heardWords: this.peers.heardWords,
      onAlive: ({ toNode, subject }) => {
        deps.presence?.answered(toNode, subject);
        this.#awaited.get(toNode)?.end();
        this.#pinging.get(toNode)?.end();
        this.peers.alive(toNode);
      },
    };
    this.#nextId = (deps.store.get<{ id: number | null }>('SELECT max(id) AS id FROM lanes')?.id ?? 0) + 1;
    this.#firstSure = firstSureLane(deps.store, isDoubtful ? this.#nextId : 0);
    // Rows of lanes are deleted at times, and no new lane is doubtful.
    this.#nextId = Math.max(this.#nextId, this.#firstSure);
  }

  /** Takes the lanes in that messages wait in from an earlier life of the process, and runs lanes from now on. */
  start(processes: LaneProcesses, start: Pick<OutboxStart, 'asking' | 'sending'>): void {
    this.#processes = processes;
    this.#start = start;
    for (const { lane, first } of readWaitingLanes(this.#deps.store)) processes.keep(this.#add(lane, first));
  }

  /** Whether lanes are run. */
  get isStarted(): boolean {
    return this.#processes !== undefined;
  }

  /** Goes on with a lane that has something to send. */
  run(lane: Lane): void {
    if (lane.isStarted) lane.pump();
    else this.#processes?.keep(lane);
  }

  [Symbol.iterator](): Iterator<Lane> {
    return this.#lanes.values();
  }

  /** The lane of a subject, made or read from the database where it is not in memory. */
  to(subject: string): Lane {
    const known = this.#lanes.get(subject);
    if (known) return known;
    const sql = `${LANE} WHERE subject = ? AND retired_at IS NULL ORDER BY id DESC LIMIT 1`;
    const stored = this.#deps.store.get<LaneRow>(sql, subject);
    const isUsable = stored && stored.id >= this.#firstSure;
    return this.#add(
      (isUsable ? stored : undefined) ?? {
        id: this.#nextId++,
        subject,
        epoch: newEpoch(this.#deps.random),
        nextSeq: 1,
      },
    );
  }

  /** Whether there are as many lanes as there may be to nodes that have not answered, with those that askers will need. */
  isCrowded(askers: Askers): boolean {
    const lanes = this.#lanes.size + LANES_OF_ASKER * askers.size;
    if (lanes <= MAX_UNKNOWN) return false;
    const now = this.#deps.clock.steadyNow();
    if (now - this.#crowd.at >= COUNT_MS) {
      let unknown = 0;
      for (const { toNode } of this.#lanes.values()) if (!this.#isKnown(toNode)) unknown++;
      for (const node of askers) if (!this.#isKnown(node)) unknown += LANES_OF_ASKER;
      this.#crowd = { at: now, known: lanes - unknown };
    }
    return lanes - this.#crowd.known > MAX_UNKNOWN;
  }

  /** Asks a node whether it is there, unless many are asked now; of one that answers something is known. */
  introduce(node: string): void {
    if (this.#introduced >= MAX_INTRODUCED || this.#asked.has(node)) return;
    this.#introduced++;
    void Promise.resolve(this.#introduction(node)).finally(() => this.#introduced--);
  }

  /** Stops and forgets the lanes that have been without messages for long. */
  forgetIdle(): void {
    const now = this.#deps.clock.steadyNow();
    for (const lane of this.#lanes.values()) {
      if (lane.isIdle) {
        const since = this.#idle.get(lane) ?? now;
        this.#idle.set(lane, since);
        if (now - since >= IDLE_MS) void this.#forget(lane);
      } else this.#idle.delete(lane);
    }
  }

  /** Asks the strangers once more that somebody waits for: they may have been away. */
  askStrangers(): void {
    for (const [node, { end }] of this.#awaited) {
      this.#asked.delete(node);
      end();
    }
  }

  /** The link is there: lanes begin to send, some at a time. */
  connected(): void {
    this.#resumeSome(this.#lanes.values(), ++this.#connections);
  }

  /** The connection is gone: who was asked may be another one now. */
  disconnected(): void {
    this.#connections++;
    this.#asked.clear();
    this.askStrangers();
    for (const lane of this.#lanes.values()) lane.disconnected();
  }

  #resumeSome(left: Iterator<Lane>, connection: number): void {
    if (connection !== this.#connections) return;
    for (let count = 0; count < LANES_AT_ONCE; count++) {
      const { value: lane, done } = left.next();
      if (done) return;
      lane.connected();
    }
    this.#deps.clock.after(0, () => this.#resumeSome(left, connection));
  }

  /** Asks a node that was never heard of for its words, once; what resolves then, undefined where nothing is to be awaited. */
  #introduction(node: string): Promise<unknown> | undefined {
    const { asking: questions } = this.#start;
    if (!questions || this.#isKnown(node) || this.#asked.has(node)) return this.#asked.get(node);
    const asking = questions.ask(node).catch(() => {});
    this.#asked.set(node, asking);
    void asking.then(() => this.#asked.has(node) && this.#asked.set(node, undefined));
    return asking;
  }

  /**
   * What may have been made by a node that has not answered since waits until that is known: it may have crashed. An original
   * node, which cannot be asked, answers a ping. A reply, whose name may be made up, and what others wait behind, is given up
   * after an hour; undefined for that.
   */
  #untilKnown(node: string, { queuedAt, re }: Entry, isAlone: boolean): Promise<void> | undefined {
    const isOld = (re !== null || !isAlone) && this.#deps.kept.now() - queuedAt >= STRANGER_MS;
    if (isOld || !this.#start.asking || this.#isKnown(node)) return undefined;
    this.#pingOnce(node);
    const known = this.#awaited.get(node) ?? this.#wait(this.#awaited, node);
    return known.answered;
  }

  #wait(waits: Map<string, Waiting>, node: string): Waiting {
    const { promise, resolve: end } = Promise.withResolvers<void>();
    const waiting = { answered: promise.finally(() => waits.delete(node)), end };
    waits.set(node, waiting);
    return waiting;
  }

  /** An original node answers a ping, and does not listen where it cannot relay to: so it is told from one that is away. */
  #pingOnce(node: string): void {
    if (this.#pinged.has(node) || this.#isKnown(node)) return;
    this.#pinged.add(node);
    this.#start.sending?.ping(node).catch(() => this.#pinged.delete(node));
  }

  /** Pings a node before it is sent a part, once: an original node cannot read that, and would log an error for each. */
  #untilPinged(node: string): Promise<void> | undefined {
    const { clock, mayBeOriginal } = this.#deps;
    const isAsked = this.#pinged.has(node) || this.#isKnown(node);
    if (isAsked || !this.#start.sending || !mayBeOriginal(node)) return this.#pinging.get(node)?.answered;
    const { answered, end } = this.#wait(this.#pinging, node);
    const cancel = clock.after(PING_PATIENCE_MS, end);
    this.#pingOnce(node);
    return answered.finally(cancel);
  }

  #isKnown(node: string): boolean {
    return this.peers.speaksLanes(node) !== undefined || this.peers.wordsOf(node) !== undefined;
  }

  #add(row: LaneRow, first?: Entry): Lane {
    const { peer } = this.peers.of(receiverOf(row.subject));
    const isDoubtful = row.id < this.#firstSure;
    const lane = new Lane(row, { peer, isDoubtful, ...(first && { first }) }, this.#deps);
    this.peers.enter(lane.toNode, lane);
    this.#lanes.set(row.subject, lane);
    return lane;
  }

  async #forget(lane: Lane): Promise<void> {
    // Not again until it has been idle for as long.
    this.#idle.delete(lane);
    await this.#processes?.stop(lane);
    if (!lane.isIdle) return this.run(lane);
    this.#lanes.delete(lane.subject);
    this.peers.forget(lane.toNode, lane);
  }
}

/** The first lane of which all is known; `least` is written down, so that a restart does not take it for less. */
function firstSureLane(store: Pick<Store, 'get' | 'write'>, least: number): number {
  const saved = Number(readMeta(store, FIRST_SURE_LANE) ?? 0);
  if (least <= saved) return saved;
  // What the lanes write comes after it; where this fails, they have sent nothing that a restart would not know.
  store.write([saveMeta(FIRST_SURE_LANE, String(least))]).catch(() => {});
  return least;
}
