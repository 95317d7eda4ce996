import type { FormRow } from '../../client/form-rows.ts';
import type { NodeSummary } from '../../contract/nodes.ts';
import { callWords } from '../../lib/call-words.ts';
import { firstWords } from '../../lib/first-words.ts';
import { type FormScreen, formResult, rowsOf, strangers, targetsOf, textIn } from '../state/form.ts';
import { formLayout } from '../state/layout.ts';
import { filledLines, jsonLines } from '../state/request-text.ts';
import type { State } from '../state/state.ts';
import { EMPTY_INPUT } from '../state/text-input.ts';
import { cleanLine } from '../text/clean.ts';
import { fit, wrap } from '../text/fit.ts';
import { type Line, type Span, span } from '../text/spans.ts';
import { age, ago } from '../text/times.ts';
import { inputSpans } from './frame.ts';

const LABEL_WIDTH = 16;

/** The rows of a form that are in sight: who is meant, which stays, and the fields, with what is wrong with which. */
export function formLines(state: State, form: FormScreen): Line[] {
  const { formRows, formWidth } = formLayout(state);
  if (form.whole !== null) return wholeLines(form, formWidth);
  const { faults } = formResult(form, state.methods);
  const [targets, ...rest] = rowsOf(form, state.methods);
  const field = (row: FormRow) =>
    fieldLine(form, row, { fault: faultOf(form, row, faults), width: formWidth });
  const pinned = [field(targets!), ...whoLines(state, form, formWidth)];
  const lines: Line[] = [];
  let focusAt = 0;
  for (const row of rest) {
    if (row.field === form.focus) focusAt = lines.length;
    if (row.type === 'send') lines.push([]);
    lines.push(field(row));
    if (row.type === 'method')
      lines.push([span(`${' '.repeat(LABEL_WIDTH + 2)}${cleanLine(row.summary)}`, 'dim')], []);
  }
  const height = formRows - pinned.length;
  const top = Math.max(0, Math.min(focusAt - Math.floor(height / 2), lines.length - height));
  return [...pinned, ...lines.slice(top, top + height)];
}

/** The message as it would be sent, and what the node says of it, within a width and a height. */
export function previewLines(
  state: State,
  form: FormScreen,
  { width, height, isWide }: { readonly width: number; readonly height: number; readonly isWide: boolean },
): Line[] {
  const { messages, faults } = formResult(form, state.methods);
  const rows = isWide
    ? jsonLines(messages.length === 1 ? messages[0] : messages, width - 2)
    : messages.flatMap((message) => filledLines(message, width - 2));
  const room = height - 1;
  const more = rows.length - room + 1;
  const shown = rows.length <= room ? rows : [...rows.slice(0, room - 1), moreLine(more)];
  return [verdictLine(form, Object.keys(faults).length > 0), ...shown.map((line) => [' ', ...line])];
}

function moreLine(count: number): Line {
  return [span(`… ${count} more ${count === 1 ? 'row' : 'rows'} in a larger window`, 'dim')];
}

function verdictLine({ checked, isSending, fault }: FormScreen, isIncomplete: boolean): Line {
  const title = span(' The message as it is sent  ', 'bold');
  if (isSending) return [title, span('sending …', 'wait')];
  if (fault !== null) return [title, span(cleanLine(fault), 'bad')];
  if (isIncomplete) return [title, span('not complete yet', 'dim')];
  if (checked === null) return [title, span('asking the node …', 'dim')];
  const refusal = checked.refused[0];
  if (refusal !== undefined) return [title, span(`✗ ${cleanLine(refusal.reason)}`, 'bad')];
  const warning = checked.warnings[0];
  if (warning !== undefined) return [title, span(cleanLine(warning.reason), 'wait')];
  return [title, span('✓ the node would take it', 'good')];
}

function wholeLines(form: FormScreen, width: number): Line[] {
  const text = 'A template of several messages is sent as it is; edit its file to change it.';
  return [
    ...wrap(text, width - 4).map((row): Line => [`  ${row}`]),
    [],
    ...(form.whole ?? []).map((message): Line => [`  ${cleanLine(describe(message))}`]),
    [],
    sendLine(true),
  ];
}

function describe({ toNode, toNodes, method, methodArgs }: Readonly<Record<string, unknown>>): string {
  const nodes = [toNode, ...(Array.isArray(toNodes) ? toNodes : [])].filter(
    (name) => typeof name === 'string',
  );
  const args = Array.isArray(methodArgs) ? methodArgs.join(' ') : '';
  return `${nodes.join(' ')}: ${String(method)} ${args}`;
}

function fieldLine(
  form: FormScreen,
  row: FormRow,
  { fault, width }: { fault: string | undefined; width: number },
): Line {
  const hasKeys = row.field === form.focus;
  if (row.type === 'send') return sendLine(hasKeys);
  const label = span(
    `${hasKeys ? '▸' : ' '} ${fit(cleanLine(row.label), LABEL_WIDTH - 1)} `,
    hasKeys ? 'bold' : 'plain',
  );
  const note = fault === undefined || (fault === 'is needed' && !hasKeys) ? '' : `  ${cleanLine(fault)}`;
  const room = Math.max(10, width - LABEL_WIDTH - 3 - Math.min(note.length, 40));
  return [label, ...valueSpans(form, row, { hasKeys, room }), span(note, 'bad')];
}

function valueSpans(
  form: FormScreen,
  row: FormRow,
  { hasKeys, room }: { hasKeys: boolean; room: number },
): Span[] {
  const input = form.values[row.field] ?? EMPTY_INPUT;
  const isChoice = row.type === 'choice' || row.type === 'method';
  if (input.letters.length === 0) return emptySpans(row, hasKeys, isChoice);
  if (!isChoice) return inputSpans(input, room, hasKeys);
  const chosen = textIn(form, row.field);
  return [hasKeys ? span(` ${chosen} `, 'cursor') : chosen];
}

/** What stands in a field that holds nothing: an example or what holds without it, or that it is needed. */
function emptySpans(row: FormRow, hasKeys: boolean, isChoice: boolean): Span[] {
  const text = cleanLine(row.placeholder);
  if (!hasKeys) return [span(row.isRequired && text === '' ? 'needed' : text, 'dim')];
  if (isChoice) return [span(` ${text} `, 'cursor')];
  return [span(text.slice(0, 1) || ' ', 'cursor'), span(text.slice(1), 'dim')];
}

function sendLine(hasKeys: boolean): Line {
  return [
    hasKeys ? '▸ ' : '  ',
    span('[ Send ]', hasKeys ? 'chosen' : 'plain'),
    span('  or ctrl+s anywhere', 'dim'),
  ];
}

/** Who is meant, and who of them is away since when. */
function whoLines(state: State, form: FormScreen, width: number): Line[] {
  const indent = ' '.repeat(LABEL_WIDTH + 2);
  if (form.found === null) {
    return [[span(`${indent}${targetsOf(form).length === 0 ? '' : 'looking who that is …'}`, 'dim')]];
  }
  const { nodes, unknown } = form.found;
  const away = nodes.filter(({ presence }) => presence !== 'here');
  const names = away.map(
    ({ name, lastSeenAt, callsAt }) =>
      `${cleanLine(name)} (${[`seen ${age(lastSeenAt, state.now)}`, callWords(callsAt, state.now)].filter(Boolean).join(', ')})`,
  );
  const awayText = away.length === 0 ? '' : `, ${away.length} not here: ${firstWords(names, 3)}`;
  const one = nodes.length === 1 ? oneText(nodes[0]!, state.now) : '';
  const text = one || `${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'}${awayText}`;
  const new_ = strangers(form);
  const others = unknown.filter(({ target }) => !new_.includes(target));
  return [
    [indent, span(fit(text, width - indent.length), away.length === 0 ? 'good' : 'wait')],
    ...(new_.length === 0
      ? []
      : [[indent, span(`never heard of: ${cleanLine(new_.join(', '))}`, 'wait')] as Line]),
    ...others.slice(0, 2).map(({ reason }): Line => [indent, span(cleanLine(reason), 'bad')]),
  ];
}

function oneText({ name, presence, lastSeenAt, callsAt }: NodeSummary, now: number): string {
  if (presence === 'here') return `${cleanLine(name)} is here`;
  const word = presence === 'away' ? 'away' : 'not known to be here';
  const calls = callWords(callsAt, now);
  const seen = calls === '' ? '' : `, ${calls}`;
  return `${cleanLine(name)} is ${word}, seen ${ago(lastSeenAt, now)}${seen}: it waits for it`;
}

/** What is wrong with a field: what the form found, else what the node says. */
function faultOf(
  form: FormScreen,
  { field }: FormRow,
  faults: Readonly<Record<string, string>>,
): string | undefined {
  if (faults[field] !== undefined) return field === 'targets' ? undefined : faults[field];
  const refusal = form.checked?.refused.find(
    (candidate) =>
      candidate.field !== null && (field === candidate.field || field.startsWith(`${candidate.field}[`)),
  );
  return refusal === undefined ? undefined : '✗';
}
