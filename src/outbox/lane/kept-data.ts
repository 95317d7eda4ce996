import { formatOf } from '../../message/codec/body-format.ts';
import { KEPT_DATA, LEAST_KEPT_BYTES, withoutData } from '../../message/told-output.ts';
import type { LaneQueue } from './lane-queue.ts';
import type { Entry, LaneWindow } from './lane-window.ts';

/** Which message brings data to a node that others, in lanes of their own, leave out: they wait until it is there. */
export class Bringers {
  #bySum: Map<string, { readonly entry: Entry; readonly window: LaneWindow }> | undefined;

  /** Whether another message brings this data. */
  isOther(sum: string, entry: Entry): boolean {
    const by = this.#bySum?.get(sum);
    if (!by) return false;
    const isOnItsWay = by.window.find(by.entry.seq) === by.entry && !by.entry.isCalledOff;
    if (!isOnItsWay) this.#bySum?.delete(sum);
    return isOnItsWay && by.entry !== entry;
  }

  /** A message brings this data, unless another one does; answers whether it does. */
  bring(sum: string, entry: Entry, window: LaneWindow): boolean {
    if (this.isOther(sum, entry)) return false;
    this.#bySum ??= new Map();
    this.#bySum.set(sum, { entry, window });
    return true;
  }
}

interface KeptDataLane {
  readonly queue: Pick<LaneQueue, 'subject' | 'bodyOf' | 'window'>;
  readonly peer: { readonly bringers: Bringers };
}

/** Leaves the data out of a lane's messages where these are for a node that relays them, and may have it from an earlier one. */
export class LeftOutData {
  readonly #lane: KeptDataLane;
  readonly #knows: (word: string) => boolean;
  #seen: WeakSet<Entry> | undefined;

  constructor(lane: KeptDataLane, knows: (word: string) => boolean) {
    this.#lane = lane;
    this.#knows = knows;
  }

  /** Looks at a message whose turn comes; it is written without its data once. */
  consider(entry: Entry | undefined): void {
    if (!entry || entry.size < LEAST_KEPT_BYTES || entry.isSent || entry.isCalledOff) return;
    if (this.#seen?.has(entry) || !this.#knows(KEPT_DATA)) return;
    this.#seen ??= new WeakSet();
    this.#seen.add(entry);
    const body = this.#lane.queue.bodyOf(entry);
    const short = body && withoutData(body, formatOf(entry.format));
    if (!short) return;
    const { bringers } = this.#lane.peer;
    const isThere = () => !bringers.isOther(short.sum, entry);
    entry.told = { from: 'kept', count: short.count, sum: short.sum, isThere };
    entry.short = short;
  }
}
