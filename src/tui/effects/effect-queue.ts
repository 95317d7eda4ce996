import type { Asking } from './run-effect.ts';

interface EffectQueueDeps {
  /** Does the effect; what it comes to is handled there, and it never rejects. */
  run(effect: Asking, isStillWanted: () => boolean): Promise<void>;
}

/** Pauses before what is asked again and again while people type, and between reads of lists that change a lot. */
const WAIT_MS: Partial<Readonly<Record<Asking['do'], number>>> = {
  check: 200,
  'find-targets': 150,
  'load-batches': 300,
  'load-batch': 200,
  'load-queues': 300,
  'load-request': 100,
};

/**
 * Runs effects. Of those that ask the same question for the same screen one runs at a time; of several that wait behind
 * it the last one stays, and what was asked for before it is no longer wanted.
 */
export class EffectQueue implements Disposable {
  readonly #deps: EffectQueueDeps;
  readonly #lanes = new Map<string, Lane>();
  #isClosed = false;

  constructor(deps: EffectQueueDeps) {
    this.#deps = deps;
  }

  /** Takes an effect up. */
  add(effect: Asking): void {
    if (this.#isClosed) return;
    const key = keyOf(effect);
    if (key === undefined) {
      void this.#deps.run(effect, () => !this.#isClosed);
      return;
    }
    const lane = this.#lanes.get(key) ?? {
      timer: undefined,
      waiting: undefined,
      isRunning: false,
      lastAt: 0,
    };
    this.#lanes.set(key, lane);
    lane.waiting = effect;
    this.#start(key, lane);
  }

  /** What runs is let run, and its result is dropped; what waits is never begun. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    for (const { timer } of this.#lanes.values()) clearTimeout(timer);
    this.#lanes.clear();
  }

  #start(key: string, lane: Lane): void {
    if (lane.isRunning || lane.timer !== undefined || lane.waiting === undefined) return;
    const wait = Math.max(0, lane.lastAt + (WAIT_MS[lane.waiting.do] ?? 0) - performance.now());
    lane.timer = setTimeout(
      () => void this.#run(key, lane),
      isTyped(lane.waiting) ? WAIT_MS[lane.waiting.do] : wait,
    );
  }

  async #run(key: string, lane: Lane): Promise<void> {
    lane.timer = undefined;
    const effect = lane.waiting!;
    lane.waiting = undefined;
    lane.isRunning = true;
    const asked = JSON.stringify(effect);
    const isStillWanted = () =>
      !this.#isClosed && (lane.waiting === undefined || JSON.stringify(lane.waiting) === asked);
    await this.#deps.run(effect, isStillWanted);
    lane.isRunning = false;
    lane.lastAt = performance.now();
    if (!this.#isClosed) this.#start(key, lane);
  }
}

interface Lane {
  timer: NodeJS.Timeout | undefined;
  waiting: Asking | undefined;
  isRunning: boolean;
  lastAt: number;
}

/** What is asked while people type waits until they pause. */
function isTyped(effect: Asking): boolean {
  return effect.do === 'check' || effect.do === 'find-targets';
}

/** What makes two effects the same question; undefined for those that are done each time they are asked for. */
function keyOf(effect: Asking): string | undefined {
  if (effect.do === 'load-output') return `${effect.do} ${effect.uid} ${effect.stream}`;
  if (effect.do.startsWith('load-') || isTyped(effect)) {
    return `${effect.do} ${'uid' in effect ? effect.uid : ''}`;
  }
  return undefined;
}
