import type { Effect } from './effects.ts';
import type { Screen, State } from './state.ts';

/** What becomes of the state, and what is to be done outside of it. */
export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/** A key of a screen: what it is called in the help line and what it does. */
export interface Binding<S extends Screen = Screen> {
  readonly keys: readonly string[];
  /** The key as people read it, such as `↑↓`, where that is not the first of `keys`. */
  readonly shows?: string;
  /** The word after it in the help line; without it only the help page names the key. */
  readonly label?: string;
  /** What it does, in some words; without it the key is named nowhere. */
  readonly help?: string;
  run(state: State, screen: S, key: string): Step;
}

/** A step without anything to do outside. */
export function stay(state: State, ...effects: Effect[]): Step {
  return { state, effects };
}

/** What a key does that is only shown: nothing. */
export const stays = (state: State): Step => ({ state, effects: [] });

/** The step with something tried on its state as well. */
export function then(step: Step, next: (state: State) => Step): Step {
  const after = next(step.state);
  return { state: after.state, effects: [...step.effects, ...after.effects] };
}

/** How long a notice is shown. */
const NOTICE_MS = 6000;

/** The state with a line that says what happened. */
export function noticed(state: State, text: string, tone: 'good' | 'bad' | 'plain' = 'plain'): State {
  return { ...state, notice: { text, tone, until: state.now + NOTICE_MS } };
}
