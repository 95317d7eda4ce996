import type { Method } from '../../methods/method.ts';
import { limitedLogger } from '../../observe/limited-logger.ts';
import { type Statement, statement } from '../../store/store.ts';
import type { JournalOptions } from '../journal-deps.ts';
import type { LaneState } from './lane-record.ts';
import { ReceivingLane, type ReceivingLaneDeps } from './receiving-lane.ts';

/** How many lanes stay in memory while they are at rest. */
const MEMORY_LANES = 2000;
/** How often it is looked for lanes that may leave memory, while there are more, ms. */
const FORGET_MS = 200;
/** After this number of new lanes the superfluous ones are deleted. */
const PRUNE_EVERY = 10_000;
/** How many lanes of one sender for one subject are kept, and of all together. */
const KEPT_OF_SENDER = 20_000;
const KEPT_LANES = 1_000_000;
/** Superseded lanes that were not used for this long are forgotten, ms. */
const KEEP_MS = 90 * 86_400_000;

interface StoredLane {
  readonly id: number;
  readonly epoch: string;
  readonly subject: string;
  readonly from_node: string;
  readonly next: number;
  readonly last_id: string;
}

interface LaneRef {
  readonly epoch: string;
  readonly subject: string;
  readonly method: Method;
  /** The node that the broker proves. */
  readonly sender: string | undefined;
}

interface Held {
  readonly lane: ReceivingLane;
  readonly state: LaneState;
}

/** The lane of what comes without a place; no epoch has this name. */
export const LOOSE = '-';

/** The lanes of all senders: those used lately are in memory, the others are rows of the database. */
export class ReceivingLanes {
  readonly #options: JournalOptions;
  readonly #deps: ReceivingLaneDeps;
  /** Longest unused first. */
  readonly #lanes = new Map<string, Held>();
  #nextId: number;
  #unpruned = 0;
  #isForgetting = false;

  constructor(options: JournalOptions, deps: ReceivingLaneDeps) {
    this.#options = options;
    // What others send decides how many lines there would be.
    this.#deps = { ...deps, logger: limitedLogger(deps.logger, deps.clock.steadyNow) };
    this.#nextId =
      (deps.store.get<{ id: number | null }>('SELECT max(id) AS id FROM journal_lanes')?.id ?? 0) + 1;
  }

  /** The lane that a message comes in. */
  of(given: LaneRef): ReceivingLane {
    let [ref, key] = [given, keyOf(given)];
    let known = this.#lanes.get(key);
    if (!this.#mayGoOn(ref, known)) {
      // No epoch has this sign: nobody else can begin such a lane.
      ref = { ...ref, epoch: `${ref.epoch}/${ref.sender ?? ''}` };
      key = keyOf(ref);
      known = this.#lanes.get(key);
    }
    const held = known ?? this.#hold(ref);
    this.#lanes.delete(key);
    this.#lanes.set(key, held);
    if (this.#lanes.size > MEMORY_LANES) this.#forgetLater();
    return held.lane;
  }

  /** Reads lanes anew when they are needed: the database knows better how one of them stands, which only refused. */
  readAnew(): void {
    for (const [key, { lane }] of this.#lanes) if (lane.isAtRest) this.#lanes.delete(key);
  }

  /** Resolves when all that was taken is answered. */
  async idle(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map(({ lane }) => lane.idle()));
  }

  /**
   * Statements that delete what nobody needs: what a newer epoch superseded long ago, and, however many epochs and names
   * somebody makes up, the lanes that were unused longest.
   */
  prune(): Statement[] {
    const unused = 'id NOT IN (SELECT lane FROM intents)';
    return [
      statement(
        `DELETE FROM journal_lanes WHERE ${unused} AND used_at < ? AND EXISTS (
           SELECT 1 FROM journal_lanes n WHERE n.subject = journal_lanes.subject AND n.from_node = journal_lanes.from_node AND n.id > journal_lanes.id)`,
        this.#deps.clock.wallNow() - KEEP_MS,
      ),
      statement(
        `DELETE FROM journal_lanes WHERE ${unused} AND id IN (SELECT id FROM (
           SELECT id, row_number() OVER (PARTITION BY subject, from_node ORDER BY used_at DESC, id DESC) AS place
           FROM journal_lanes WHERE from_node <> '') WHERE place > ?)`,
        KEPT_OF_SENDER,
      ),
      statement(
        `DELETE FROM journal_lanes WHERE ${unused} AND id IN (
           SELECT id FROM journal_lanes ORDER BY used_at DESC, id DESC LIMIT -1 OFFSET ?)`,
        KEPT_LANES,
      ),
    ];
  }

  #hold(ref: LaneRef): Held {
    const state = this.#stateOf(ref);
    return { lane: new ReceivingLane(state, ref.method, this.#options, this.#deps), state };
  }

  /** Whether a lane is its sender's: one that names another node's lane gets one of its own in its place. */
  #mayGoOn(ref: LaneRef, known: Held | undefined): boolean {
    const { trust } = this.#deps;
    if (trust.isOpen || ref.epoch === LOOSE) return true;
    const owner = known?.state.fromNode ?? this.#stored(ref)?.from_node;
    return owner === undefined || trust.mayGoOn(owner, ref.sender);
  }

  #stored({ epoch, subject }: LaneRef): StoredLane | undefined {
    return this.#deps.store.get<StoredLane>(
      'SELECT id, epoch, subject, from_node, next, last_id FROM journal_lanes WHERE epoch = ? AND subject = ?',
      ...[epoch, subject],
    );
  }

  #stateOf(ref: LaneRef): LaneState {
    const { epoch, subject, sender = '' } = ref;
    const stored = this.#stored(ref);
    if (stored) {
      const { id, from_node, next, last_id } = stored;
      return { id, epoch, subject, fromNode: from_node, next, lastId: last_id };
    }
    if (++this.#unpruned >= PRUNE_EVERY) this.#pruneNow();
    const fromNode = epoch === LOOSE ? '' : sender;
    return { id: this.#nextId++, epoch, subject, fromNode, next: 1, lastId: '' };
  }

  /** Lets go of those unused longest, again and again until there are few; one that is at work, or not on disk as it is here, stays. */
  #forgetLater(): void {
    if (this.#isForgetting) return;
    this.#isForgetting = true;
    this.#deps.clock.after(FORGET_MS, () => {
      this.#isForgetting = false;
      for (const [key, { lane }] of this.#lanes) {
        if (this.#lanes.size <= MEMORY_LANES) return;
        if (lane.isAtRest) this.#lanes.delete(key);
      }
      if (this.#lanes.size > MEMORY_LANES) this.#forgetLater();
    });
  }

  #pruneNow(): void {
    this.#unpruned = 0;
    this.#deps.store
      .write(this.prune())
      .catch((error) => this.#deps.logger.warn({ err: error }, 'superfluous lanes could not be deleted'));
  }
}

function keyOf({ epoch, subject }: LaneRef): string {
  return `${epoch} ${subject}`;
}
