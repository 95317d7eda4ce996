import { argumentPlace, type FormRow } from '../../client/form-rows.ts';
import { firstWords } from '../../lib/first-words.ts';
import type { Effect } from './effects.ts';
import { type FormScreen, formResult, rowsOf, strangers, targetsOf, textIn } from './form.ts';
import type { KeyPress } from './key-press.ts';
import { LIST_START } from './list.ts';
import type { Question } from './overlay.ts';
import { currentScreen, noticed, type State, type Step, stay, withScreen } from './state.ts';
import { EMPTY_INPUT, editInput, inputOf, insert, type TextInput } from './text-input.ts';

/** What the node is to be asked about the form that is seen: who is meant, and whether it takes the message. */
export function formQuestions(state: State): Effect[] {
  const form = currentScreen(state);
  if (form.kind !== 'form') return [];
  const targets = targetsOf(form);
  return [
    ...(targets.length === 0 ? [] : [{ do: 'find-targets', uid: form.uid, targets } as const]),
    ...checkOf(state, form),
  ];
}

/** The question whether the node would take the form's message, where the form itself finds no fault. */
export function checkOf(state: State, form: FormScreen): Effect[] {
  const { messages, faults } = formResult(form, state.methods);
  if (Object.keys(faults).length > 0) return [];
  return [{ do: 'check', uid: form.uid, messages: messages.slice(0, CHECKED).map(forFewNodes) }];
}

/** Messages, and nodes of each, that the node is asked about while people type: what is wrong is wrong for all. */
const CHECKED = 20;

function forFewNodes(message: Readonly<Record<string, unknown>>): object {
  const { toNodes } = message;
  return Array.isArray(toNodes) ? { ...message, toNodes: toNodes.slice(0, CHECKED) } : message;
}

/** What a key does in a form; undefined where it does nothing there. */
export function formKey(state: State, form: FormScreen, press: KeyPress): Step | undefined {
  const moved = FOCUS_STEPS[press.key];
  if (moved !== undefined) return stay(withScreen(state, focusMoved(state, form, moved)));
  const row = rowsOf(form, state.methods).find(({ field }) => field === form.focus);
  if (press.key === 'enter') return entered(state, form, row?.type ?? 'text');
  const isFixed = form.whole !== null || row === undefined || row.type === 'send';
  return isFixed ? undefined : fieldKey(state, form, { row, press });
}

/** What a key does in a field: it chooses where there are choices, and writes elsewhere. */
function fieldKey(
  state: State,
  form: FormScreen,
  { row, press }: { readonly row: FormRow; readonly press: KeyPress },
): Step | undefined {
  const isPicked = row.type === 'method' || row.type === 'choice';
  if (isPicked && press.text !== null) return openPicker(state, form, row.field, press.text.trim());
  if (row.type === 'choice' && (press.key === 'left' || press.key === 'right')) {
    return edited(state, form, row.field, inputOf(turned(row.choices, textIn(form, row.field), press.key)));
  }
  const before = form.values[row.field] ?? EMPTY_INPUT;
  const lineBreak = press.key === 'ctrl+j' || press.key === 'meta+enter';
  const after = lineBreak && row.field === 'data' ? insert(before, '\n') : editInput(before, press);
  return after === undefined ? undefined : edited(state, form, row.field, after);
}

/** Puts a pasted text into the field that has the keys; only data keeps its line breaks. */
export function formPaste(state: State, form: FormScreen, text: string): Step {
  const row = rowsOf(form, state.methods).find(({ field }) => field === form.focus);
  if (form.whole !== null || row === undefined || row.type === 'send' || row.type === 'method') {
    return stay(state);
  }
  const unified = text.replace(/\r\n?/g, '\n');
  const pasted = row.field === 'data' ? unified : unified.trim().replace(/\s*\n\s*/g, ' ');
  return edited(state, form, row.field, insert(form.values[row.field] ?? EMPTY_INPUT, pasted));
}

export function chosen(state: State, form: FormScreen, field: string, value: string): Step {
  const step = edited(state, form, field, inputOf(value));
  const next = currentScreen(step.state);
  if (field !== 'method' || next.kind !== 'form') return step;
  // An operator who waits for a command wants to see what it prints.
  const output = /^REQCliCommand/.test(value) ? inputOf('live') : EMPTY_INPUT;
  const values = keptValues({ ...next.values, output });
  return edited(step.state, focusMoved(state, { ...next, values }, 1), 'method', inputOf(value));
}

/** Asks before a message goes to several nodes or to one that nobody knows, and sends one to a single node at once. */
export function sendForm(state: State, form: FormScreen): Step {
  if (form.isSending) return stay(state);
  const { faults, messages, nodes } = formResult(form, state.methods);
  const [field] = Object.keys(faults);
  if (field !== undefined) {
    const row = rowsOf(form, state.methods).find((candidate) => candidate.field === field);
    const focused = withScreen(state, { ...form, focus: field });
    return stay(noticed(focused, `${row?.label ?? field}: ${faults[field]}`, 'bad'));
  }
  const refusal = form.checked?.refused[0];
  if (refusal !== undefined) return stay(noticed(state, refusal.reason, 'bad'));
  const unknown = strangers(form);
  const label = labelOf(messages);
  const send: Effect = { do: 'submit', uid: form.uid, messages, label };
  if (nodes.length === 1 && unknown.length === 0) return sending(state, form, send);
  return stay({ ...state, overlay: sendQuestion({ form, label, nodes, unknown, send }) });
}

/** The form after its message was handed to the node. */
export function sending(state: State, form: FormScreen, send: Effect): Step {
  return stay(withScreen(state, { ...form, isSending: true }), send);
}

/** Opens the list of what a field can be. */
export function openPicker(state: State, form: FormScreen, field: string, typed = ''): Step {
  const row = rowsOf(form, state.methods).find((candidate) => candidate.field === field);
  if (row === undefined || form.whole !== null) return stay(state);
  const notes = new Map(state.methods.map(({ name, summary }) => [name, summary]));
  const options = row.choices.map((value) => ({
    value,
    note: notes.get(value) ?? CHOICE_NOTES[value] ?? '',
  }));
  const title = field === 'method' ? 'What shall the nodes do?' : row.label;
  return stay({
    ...state,
    overlay: { kind: 'picker', title, field, options, filter: inputOf(typed), position: LIST_START },
  });
}

const CHOICE_NOTES: Readonly<Record<string, string>> = {
  live: 'pieces of it are sent while it runs',
  end: 'it is sent when it has ended',
  none: 'it is not sent apart from the reply',
};

const FOCUS_STEPS: Readonly<Record<string, number>> = { up: -1, down: 1, tab: 1, 'shift+tab': -1 };

function entered(state: State, form: FormScreen, type: string): Step {
  if (type === 'send') return sendForm(state, form);
  if (type === 'method') return openPicker(state, form, 'method');
  if (type === 'choice') return openPicker(state, form, form.focus);
  return stay(withScreen(state, focusMoved(state, form, 1)));
}

function focusMoved(state: State, form: FormScreen, by: number): FormScreen {
  const fields = form.whole !== null ? ['send'] : rowsOf(form, state.methods).map(({ field }) => field);
  const index = Math.max(0, fields.indexOf(form.focus));
  const focus = fields[(index + by + fields.length) % fields.length]!;
  return { ...form, focus };
}

function edited(state: State, form: FormScreen, field: string, value: TextInput): Step {
  const isTargets = field === 'targets';
  const next: FormScreen = {
    ...form,
    values: { ...form.values, [field]: value },
    found: isTargets ? null : form.found,
    checked: null,
    fault: null,
  };
  const after = withScreen(state, next);
  return stay(after, ...(isTargets ? formQuestions(after) : checkOf(after, next)));
}

/** What stays when another method is chosen: what every message can have. */
function keptValues(values: Readonly<Record<string, TextInput>>): Readonly<Record<string, TextInput>> {
  const kept = Object.entries(values).filter(
    ([field]) => argumentPlace(field) === undefined && field !== 'data',
  );
  return Object.fromEntries(kept);
}

function turned(choices: readonly string[], value: string, key: string): string {
  const all = ['', ...choices];
  const by = key === 'left' ? -1 : 1;
  return all[(all.indexOf(value) + by + all.length) % all.length]!;
}

/** What lists show of a message: its method and its arguments. */
function labelOf(messages: readonly Readonly<Record<string, unknown>>[]): string {
  const [first] = messages;
  const args = Array.isArray(first?.methodArgs) ? first.methodArgs : [];
  const more = messages.length > 1 ? ` and ${messages.length - 1} more` : '';
  return [String(first?.method ?? ''), ...args].join(' ').slice(0, 200) + more;
}

function sendQuestion(asked: {
  form: FormScreen;
  label: string;
  nodes: readonly string[];
  unknown: readonly string[];
  send: Effect;
}): Question {
  const { form, label, nodes, unknown, send } = asked;
  const away = (form.found?.nodes ?? []).filter(({ presence }) => presence === 'away').length;
  return {
    kind: 'question',
    title: `Send to ${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'}?`,
    lines: [
      label,
      firstWords(nodes, 8),
      ...(away > 0 ? [`${away} of them ${away === 1 ? 'is' : 'are'} away: it waits for them`] : []),
      ...(unknown.length > 0 ? [`not known here: ${unknown.join(', ')}`] : []),
    ],
    answers: [{ key: 'y', label: 'send', effects: [send] }],
  };
}
