import type { Bus } from '../bus/bus.ts';
import type { Went } from '../bus/traffic.ts';
import type { CallConfig } from '../config/link-config.ts';
import type { Clock } from '../lib/clock.ts';
import { clockWords, durationWords } from '../lib/time-words.ts';
import type { KeptTime, KeptTimes } from '../store/kept-clock.ts';
import { forgetMeta, readMeta, saveMeta, shiftMeta } from '../store/meta.ts';
import type { Store } from '../store/store.ts';
import { callEnd, nextCallAfter } from './call-plan.ts';

interface CallsDeps {
  readonly bus: Pick<Bus, 'hangUp' | 'isConnected'> & {
    readonly line: Pick<Bus['line'], 'open' | 'hangUp'>;
    readonly traffic: { look(): Went };
  };
  readonly clock: Clock;
  readonly kept: KeptTime;
  readonly store: Pick<Store, 'get' | 'write'>;
  readonly link: { readonly measured: { readonly roundTripMs: number | undefined } };
  readonly logger: { info(fields: object, text: string): void };
  /** Whether something waits here that could go, or runs since a moment ago. */
  isBusy(): boolean;
}

/** When the last call ended, by the kept clock; absent before the first, and while one goes on. */
const META_KEY = 'last_call';
/** How often a call is looked at, and the clock between calls, ms: clocks are set, and machines sleep. */
const [CALL_LOOK_MS, LOOK_MS] = [1000, 5000];
/** Many bytes are on their way of something large, even where nothing is answered yet. */
const MUCH_BYTES = 4096;

/**
 * Has a node connect for a call when one is due, and hang up when nothing is left to say. A call that did not end by itself, as
 * in a crash, counts as none: the next start calls at once.
 */
export class Calls implements Disposable {
  readonly #config: CallConfig;
  readonly #deps: CallsDeps;
  /** By the kept clock; undefined before the first. */
  #lastAt: number | undefined;
  /** Of the call that goes on, ms of the steady clock. */
  #beganAt: number | undefined;
  #heardAt: number | undefined;
  /** As it was when something was heard last. */
  #heard: Went = { inBytes: 0, outBytes: 0, inMessages: 0 };
  #cancelLook: () => void = () => {};

  constructor(config: CallConfig, deps: CallsDeps) {
    this.#config = config;
    this.#deps = deps;
    const saved = readMeta(deps.store, META_KEY);
    this.#lastAt = saved === undefined ? undefined : Number(saved);
  }

  /** Whether a call goes on, or is tried. */
  get isCalling(): boolean {
    return this.#beganAt !== undefined;
  }

  /** When the next call is due, after the one that goes on; unix ms. */
  get nextAt(): number {
    const { clock, kept } = this.#deps;
    const isOn = this.isCalling || this.#lastAt === undefined;
    return nextCallAfter(isOn ? clock.wallNow() : kept.toWall(this.#lastAt!), this.#config.times);
  }

  /** In how many seconds the next call is due. */
  get secondsLeft(): number {
    return Math.round(Math.max(0, this.nextAt - this.#deps.clock.wallNow()) / 1000);
  }

  /** Begins before the bus does, with a call where one is due. */
  begin(): void {
    if (this.#isDue) return this.call();
    this.#hangUp();
  }

  /** Calls now, unless a call goes on. */
  call(): void {
    if (this.isCalling) return;
    this.#beganAt = this.#deps.clock.steadyNow();
    this.#heardAt = undefined;
    this.#deps.store.write([forgetMeta(META_KEY)]).catch(() => {});
    this.#lookEvery(CALL_LOOK_MS);
    this.#deps.bus.line.open();
  }

  /** Something urgent was submitted here. */
  urgent(): void {
    if (this.#config.isUrgentAtOnce) this.call();
  }

  connected(): void {
    this.#heardAt = this.#deps.clock.steadyNow();
  }

  /** A call that was cut is no call that ended: the bus connects anew. */
  disconnected(): void {
    this.#heardAt = undefined;
  }

  [Symbol.dispose](): void {
    this.#cancelLook();
  }

  get #isDue(): boolean {
    return this.#lastAt === undefined || this.#deps.clock.wallNow() >= this.nextAt;
  }

  #lookEvery(ms: number): void {
    this.#cancelLook();
    this.#cancelLook = this.#deps.clock.every(ms, () => this.#look());
  }

  #look(): void {
    const { clock, bus, link } = this.#deps;
    // The clock may have been set: what is said of the next call is true by the new one.
    if (!this.isCalling) return this.#isDue ? this.call() : bus.line.hangUp(this.#next);
    const now = clock.steadyNow();
    if (bus.isConnected) this.#listen(now);
    const { limitMs } = this.#config;
    const sight = { now, beganAt: this.#beganAt!, heardAt: this.#heardAt, limitMs };
    const { roundTripMs } = link.measured;
    const end =
      callEnd({ ...sight, roundTripMs, isBusy: false }) &&
      callEnd({ ...sight, roundTripMs, isBusy: this.#deps.isBusy() });
    if (end !== undefined) this.#end(end);
  }

  /** What is sent in vain again and again, to a node that does not answer, is no reason to go on. */
  #listen(now: number): void {
    const { inBytes, outBytes, inMessages } = this.#deps.bus.traffic.look();
    const bytes = inBytes + outBytes - this.#heard.inBytes - this.#heard.outBytes;
    if (inMessages === this.#heard.inMessages && bytes < MUCH_BYTES) return;
    this.#heard = { inBytes, outBytes, inMessages };
    this.#heardAt = now;
  }

  #end(why: 'drained' | 'limit'): void {
    const { clock, kept, store, logger } = this.#deps;
    const tookMs = clock.steadyNow() - this.#beganAt!;
    this.#beganAt = undefined;
    this.#lastAt = Math.round(kept.now());
    // What cannot be written down costs a call after a restart.
    store.write([saveMeta(META_KEY, String(this.#lastAt))]).catch(() => {});
    const reason = why === 'limit' ? 'its time is over (linkCallLimit)' : 'nothing is left to say';
    logger.info(
      { next: new Date(this.nextAt).toISOString() },
      `a call of ${durationWords(tookMs)} ends: ${reason}`,
    );
    this.#hangUp();
  }

  /** What is waited for between calls, in words. */
  get #next(): string {
    return `the next call of this node, at ${clockWords(this.nextAt, this.#deps.clock.wallNow())}`;
  }

  #hangUp(): void {
    this.#lookEvery(LOOK_MS);
    this.#deps.bus.hangUp(this.#next);
  }
}

/** What is written down of calls by the kept clock. */
export const callTimes: KeptTimes = {
  shift: (ms) => [shiftMeta(META_KEY, ms)],
  anySql: `SELECT 1 FROM meta WHERE key = '${META_KEY}'`,
};
