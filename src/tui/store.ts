import type { StewardApi } from '../client/steward-api.ts';
import { EffectQueue } from './effects/effect-queue.ts';
import { followAll, OutputFollower } from './effects/follow-events.ts';
import { type Asking, isAsking, runEffect } from './effects/run-effect.ts';
import type { Templates } from './effects/templates.ts';
import type { Action } from './state/actions.ts';
import { followedRequest } from './state/events.ts';
import type { State } from './state/state.ts';
import { update } from './state/update.ts';

interface StoreDeps {
  readonly api: StewardApi;
  readonly templates: Templates;
  now(): number;
  /** Takes what concerns the terminal or the program. */
  outside(what: 'redraw' | 'suspend' | 'quit'): void;
}

const TICK_MS = 1000;

/** Holds the state, hands it to those who draw it, and does what its changes ask for. */
export class Store implements AsyncDisposable {
  #state: State;
  readonly #deps: StoreDeps;
  readonly #listeners = new Set<() => void>();
  readonly #queue: EffectQueue;
  readonly #outputs: OutputFollower;
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;
  readonly #ticker: NodeJS.Timeout;

  constructor(state: State, deps: StoreDeps) {
    this.#state = state;
    this.#deps = deps;
    this.#queue = new EffectQueue({ run: this.#run });
    this.#outputs = new OutputFollower({ api: deps.api, dispatch: this.dispatch });
    this.#ticker = setInterval(() => this.dispatch({ type: 'tick', now: deps.now() }), TICK_MS);
    this.#following = followAll({ api: deps.api, dispatch: this.dispatch }, this.#stop.signal);
  }

  get state(): State {
    return this.#state;
  }

  /** Calls back after each change; returns a function that ends that. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Lets something happen to the state. */
  readonly dispatch = (action: Action): void => {
    if (this.#stop.signal.aborted) return;
    const before = this.#state;
    const { state, effects } = update(before, action);
    this.#state = state;
    if (state !== before) for (const listener of this.#listeners) listener();
    for (const effect of effects) {
      if (isAsking(effect)) this.#queue.add(effect);
      else this.#deps.outside(effect.do);
    }
    this.#outputs.follow(followedRequest(this.#state));
  };

  /** Stops following the node; what is under way is not waited for. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#ticker);
    this.#queue[Symbol.dispose]();
    this.#outputs[Symbol.dispose]();
    await this.#following;
  }

  readonly #run = async (effect: Asking, isStillWanted: () => boolean): Promise<void> => {
    try {
      const action = await runEffect(effect, this.#deps);
      if (isStillWanted()) this.dispatch(action);
    } catch (error) {
      if (!isStillWanted()) return;
      const uid = 'uid' in effect ? effect.uid : null;
      this.dispatch({ type: 'failed', uid, reason: (error as Error).message });
    }
  };
}
