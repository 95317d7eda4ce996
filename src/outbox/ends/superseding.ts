import type { Clock } from '../../lib/clock.ts';
import { supersededBy } from '../../message/supersedes.ts';
import { LANE_SPAN, type Store } from '../../store/store.ts';
import type { Lane } from '../lane/lane.ts';
import { readEntry } from '../lane/lane-rows.ts';
import type { Entry } from '../lane/lane-window.ts';
import type { OutgoingMessage } from '../outbox-deps.ts';
import type { Peers } from '../peers.ts';
import { untilAnswered } from './cancel-queued.ts';

interface SupersedingDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly lanes: Iterable<Lane> & { readonly peers: Peers };
  /** Called when messages are called off. */
  onCallOff(): void;
}

interface Row {
  readonly key: number;
  readonly id: string;
  readonly supersedes: string;
}

/** A message that has a successor. */
interface Older {
  readonly lane: Lane;
  readonly entry: Entry;
  readonly reason: string;
}

const ROWS = 'SELECT key, id, supersedes FROM outbox WHERE coalesce(expires_at, 0) >= 0 AND supersedes';

/**
 * Of the messages to one node with the same key only the newest is sent: older ones end as `superseded`. One that is on its
 * way waits a moment for its answer, as it may be taken; one that may be with a node which sends no reports stays.
 */
export class Superseding {
  readonly #deps: SupersedingDeps;

  constructor(deps: SupersedingDeps) {
    this.#deps = deps;
  }

  /** What an earlier life of the node queued: it may have ended between a message and the end of those before it. */
  start(): void {
    const rows = this.#deps.store.all<Row>(`${ROWS} IS NOT NULL`);
    if (rows.length === 0) return;
    const lanes = new Map([...this.#deps.lanes].map((lane) => [lane.queue.id, lane]));
    const places = rows.flatMap((row) => {
      const lane = lanes.get(Math.floor(row.key / LANE_SPAN));
      return lane ? [{ lane, row }] : [];
    });
    this.#keepNewest(places);
  }

  /** Messages were queued; the older ones of their keys are not to be sent any more. */
  queued(messages: readonly OutgoingMessage[], laneOf: (message: OutgoingMessage) => Lane): void {
    const keyed = messages.filter(({ supersedes }) => supersedes !== undefined);
    if (keyed.length === 0) return;
    const lanesTo = Map.groupBy(this.#deps.lanes, ({ toNode }) => toNode);
    const asked = new Map(keyed.map((one) => [`${laneOf(one).toNode} ${one.supersedes}`, one]));
    const places = [...asked.values()].flatMap((one) => {
      const lanes = lanesTo.get(laneOf(one).toNode) ?? [];
      return lanes.flatMap((lane) => this.#rowsIn(lane, one.supersedes!).map((row) => ({ lane, row })));
    });
    this.#keepNewest(places);
  }

  #rowsIn({ queue }: Lane, supersedes: string): Row[] {
    const [first, last] = [queue.key(0), queue.key(LANE_SPAN - 1)];
    return this.#deps.store.all<Row>(`${ROWS} = ? AND key BETWEEN ? AND ?`, supersedes, first, last);
  }

  /** Of each node and key all but the newest, which has the highest id, end. */
  #keepNewest(places: readonly { readonly lane: Lane; readonly row: Row }[]): void {
    const byKey = Map.groupBy(places, ({ lane, row }) => `${lane.toNode} ${row.supersedes}`);
    const older = [...byKey.values()].flatMap((some) => {
      const newest = some
        .map(({ row }) => row.id)
        .sort()
        .at(-1)!;
      const reason = supersededBy(newest);
      return some.flatMap(({ lane, row }) => this.#olderAt(lane, row, { newest, reason }));
    });
    const sent = older.filter(({ entry }) => entry.isSent);
    this.#end(older.filter(({ entry }) => !entry.isSent));
    if (sent.length === 0) return;
    void untilAnswered(sent, this.#deps.clock).then(this.#end);
  }

  #olderAt(lane: Lane, { key, id }: Row, { newest, reason }: { newest: string; reason: string }): Older[] {
    const seq = key % LANE_SPAN;
    if (id === newest || lane.queue.isTakenOut(seq)) return [];
    const entry = lane.queue.window.find(seq) ?? readEntry(this.#deps.store, key);
    return entry ? [{ lane, entry, reason }] : [];
  }

  readonly #end = (older: readonly Older[]): void => {
    const ending = older.filter(this.#mayEnd);
    if (ending.length > 0) this.#deps.onCallOff();
    for (const [lane, inLane] of Map.groupBy(ending, ({ lane }) => lane))
      for (const [reason, some] of Map.groupBy(inLane, ({ reason }) => reason))
        lane.giveUp(
          some.map(({ entry }) => entry),
          'superseded',
          reason,
        );
  };

  /** Of what may have arrived a node of this program reports the end; of one that has not answered yet its words tell what it is. */
  readonly #mayEnd = ({ lane, entry }: Older): boolean => {
    const { queue, toNode } = lane;
    if (queue.isTakenOut(entry.seq)) return false;
    const { peers } = this.#deps.lanes;
    return !queue.mayBeThere(entry) || (peers.speaksLanes(toNode) ?? peers.wordsOf(toNode) !== undefined);
  };
}
