import type { Effect } from './effects.ts';
import type { ListPosition } from './list.ts';
import type { TextInput } from './text-input.ts';

/** What lies over the screen and takes the keys until it is closed. */
export type Overlay =
  | { readonly kind: 'help'; readonly top: number }
  | Question
  | {
      readonly kind: 'name';
      readonly title: string;
      readonly input: TextInput;
      readonly fault: string | null;
    }
  | Picker;

/** Asks before something is done: each answer has its key. */
export interface Question {
  readonly kind: 'question';
  readonly title: string;
  readonly lines: readonly string[];
  readonly answers: readonly Answer[];
}

export interface Answer {
  readonly key: string;
  readonly label: string;
  readonly effects: readonly Effect[];
}

/** Picks one value of a form's field out of several. */
export interface Picker {
  readonly kind: 'picker';
  readonly title: string;
  readonly field: string;
  readonly options: readonly { readonly value: string; readonly note: string }[];
  readonly filter: TextInput;
  readonly position: ListPosition;
}
