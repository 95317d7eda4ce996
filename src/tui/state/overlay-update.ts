import { fitsPattern } from '../../lib/glob.ts';
import { hasAllWords } from '../../lib/has-all-words.ts';
import { type FormScreen, formResult, isPlainName, targetsOf } from './form.ts';
import { chosen } from './form-update.ts';
import type { KeyPress } from './key-press.ts';
import { bodyHeight } from './layout.ts';
import { moved, settle } from './list.ts';
import type { Overlay, Picker, Question } from './overlay.ts';
import { currentScreen, type State, type Step, stay, withScreen } from './state.ts';
import { editInput, inputText, insert, type TextInput } from './text-input.ts';

/** The options of a picker that its filter leaves. */
export function shownOptions({ options, filter }: Picker): Picker['options'] {
  const text = inputText(filter).toLowerCase().trim();
  return options.filter(
    ({ value, note }) =>
      fitsPattern(`*${text}*`, value) || hasAllWords(note.toLowerCase(), text.split(/\s+/)),
  );
}

/** Rows of options that are seen. */
export function pickerHeight(state: State): number {
  return Math.max(1, bodyHeight(state) - 3);
}

/** What a key does while something lies over the screen. */
export function overlayKey(state: State, overlay: Overlay, press: KeyPress): Step {
  if (press.key === 'esc') return stay({ ...state, overlay: null });
  switch (overlay.kind) {
    case 'help':
      return helpKey(state, overlay.top, press.key);
    case 'question':
      return questionKey(state, overlay, press.key);
    case 'picker':
      return pickerKey(state, overlay, press);
    case 'name':
      return nameKey(state, overlay, press);
  }
}

/** Puts a pasted text into the input of what lies over the screen, where it has one. */
export function overlayPaste(state: State, overlay: Overlay, text: string): Step {
  const line = text.trim().replace(/\s+/g, ' ');
  if (overlay.kind === 'name')
    return stay({ ...state, overlay: { ...overlay, input: insert(overlay.input, line) } });
  if (overlay.kind === 'picker')
    return stay({ ...state, overlay: { ...overlay, filter: insert(overlay.filter, line) } });
  return stay(state);
}

function helpKey(state: State, top: number, key: string): Step {
  const step = HELP_STEPS[key];
  if (step === undefined) return stay({ ...state, overlay: null });
  return stay({ ...state, overlay: { kind: 'help', top: Math.max(0, top + step) } });
}

const HELP_STEPS: Readonly<Record<string, number>> = {
  down: 1,
  j: 1,
  up: -1,
  k: -1,
  pagedown: 10,
  space: 10,
  pageup: -10,
};

function questionKey(state: State, { answers }: Question, key: string): Step {
  const closed = { ...state, overlay: null };
  // Where there is one thing to confirm, y and enter both do it.
  const isConfirmed = answers.length === 1 && (key === 'y' || key === 'enter');
  const answer = isConfirmed ? answers[0] : answers.find((candidate) => candidate.key === key);
  if (answer === undefined)
    return answers.length === 0 || key === 'n' || key === 'q' ? stay(closed) : stay(state);
  const screen = currentScreen(state);
  const isSending = screen.kind === 'form' && answer.effects.some((effect) => effect.do === 'submit');
  return stay(isSending ? withScreen(closed, { ...screen, isSending }) : closed, ...answer.effects);
}

function pickerKey(state: State, picker: Picker, press: KeyPress): Step {
  const options = shownOptions(picker);
  if (press.key === 'enter' || press.key === 'tab') {
    const option = options[picker.position.cursor];
    const form = currentScreen(state);
    if (option === undefined || form.kind !== 'form') return stay(state);
    return chosen({ ...state, overlay: null }, form, picker.field, option.value);
  }
  const height = pickerHeight(state);
  const position = press.text === null ? moved(picker.position, press.key, height) : undefined;
  if (position !== undefined) {
    return stay({ ...state, overlay: { ...picker, position: settle(position, options.length, height) } });
  }
  const filter = editInput(picker.filter, press);
  if (filter === undefined) return stay(state);
  return stay({
    ...state,
    overlay: { ...picker, filter, position: { ...picker.position, cursor: 0, top: 0 } },
  });
}

function nameKey(state: State, overlay: Overlay & { kind: 'name' }, press: KeyPress): Step {
  if (press.key === 'enter') return named(state, overlay);
  const input = editInput(overlay.input, press);
  return input === undefined ? stay(state) : stay({ ...state, overlay: { ...overlay, input, fault: null } });
}

/** Saves the form's message under the name that was written. */
function named(state: State, overlay: Overlay & { kind: 'name'; input: TextInput }): Step {
  const name = inputText(overlay.input).trim();
  const form = currentScreen(state);
  if (form.kind !== 'form') return stay({ ...state, overlay: null });
  if (!/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,80}$/u.test(name)) {
    const fault = 'letters, digits, spaces, dots and dashes; a letter or digit first';
    return stay({ ...state, overlay: { ...overlay, fault } });
  }
  const messages = templateOf(state, form);
  return stay({ ...state, overlay: null }, { do: 'save-template', name, messages, isReplacing: false });
}

/** The message as a template keeps it: with the targets as they were written, which may mean other nodes next time. */
function templateOf(state: State, form: FormScreen): readonly object[] {
  const { messages } = formResult(form, state.methods);
  const [message, ...more] = messages;
  const targets = targetsOf(form);
  if (message === undefined || more.length > 0 || form.whole !== null || targets.every(isPlainName))
    return messages;
  const { toNode: _, toNodes: __, ...rest } = message;
  return [{ toTargets: targets, ...rest }];
}
