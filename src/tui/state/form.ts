import { buildMessage } from '../../client/form-message.ts';
import { argumentPlace, type FormRow, formRows, restField } from '../../client/form-rows.ts';
import type { MethodDescription, TargetAnswer } from '../../contract/nodes.ts';
import type { SubmissionAnswer } from '../../contract/requests.ts';
import { joinWords } from '../../lib/shell-words.ts';
import { EMPTY_INPUT, inputOf, inputText, type TextInput } from './text-input.ts';

type Json = Readonly<Record<string, unknown>>;

/** A message that is being made. */
export interface FormScreen {
  readonly kind: 'form';
  readonly uid: number;
  /** The texts in the rows, by field. */
  readonly values: Readonly<Record<string, TextInput>>;
  /** The field that has the keys. */
  readonly focus: string;
  /** What a template brought that no row shows. */
  readonly extra: Json;
  /** The messages of a template that has several: they are sent as they are. */
  readonly whole: readonly Json[] | null;
  /** Who is meant by the targets, as far as was asked. */
  readonly found: TargetAnswer | null;
  /** What the node says of the message as it is. */
  readonly checked: SubmissionAnswer | null;
  readonly isSending: boolean;
  readonly fault: string | null;
}

/** A new form for these targets. */
export function newForm(uid: number, targets: readonly string[], method = ''): FormScreen {
  return {
    kind: 'form',
    uid,
    values: { targets: inputOf(targets.join(' ')), method: inputOf(method) },
    focus: targets.length === 0 ? 'targets' : 'method',
    extra: {},
    whole: null,
    found: null,
    checked: null,
    isSending: false,
    fault: null,
  };
}

/** A form filled from a template's messages. */
export function formOf(
  uid: number,
  messages: readonly Json[],
  methods: readonly MethodDescription[],
): FormScreen {
  const [message] = messages;
  const form = newForm(uid, []);
  if (message === undefined || messages.length > 1) return { ...form, whole: messages, focus: 'send' };
  const { toNode, toNodes, toTargets, method, methodArgs, ...rest } = message;
  const targets = [toNode, toNodes, toTargets].flat().filter((name) => typeof name === 'string');
  const description = methods.find(({ name }) => name === method);
  const separator = targets.every(isPlainName) ? ' ' : ', ';
  const values: Record<string, TextInput> = { targets: inputOf(targets.join(separator)) };
  if (typeof method === 'string') values.method = inputOf(method);
  const args = Array.isArray(methodArgs) ? methodArgs.map(String) : [];
  Object.assign(values, argumentValues(args, description));
  const rows = formRows(description, methods, (field) => values[field] !== undefined);
  const extra: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(rest)) {
    const row = rows.find(({ field }) => field === key);
    const text = row === undefined ? undefined : fieldText(row, value);
    if (text === undefined) extra[key] = value;
    else values[key] = inputOf(text);
  }
  return { ...form, values, extra, focus: targets.length === 0 ? 'targets' : 'send' };
}

/** The rows of a form as it stands. */
export function rowsOf(form: FormScreen, methods: readonly MethodDescription[]): readonly FormRow[] {
  const name = textIn(form, 'method');
  const description = methods.find((method) => method.name === name);
  return formRows(description, methods, (field) => textIn(form, field) !== '');
}

export function textIn(form: FormScreen, field: string): string {
  return inputText(form.values[field] ?? EMPTY_INPUT);
}

/** The targets of a form one by one. An expression such as `site=oslo and not tier=1` stays together up to a comma. */
export function targetsOf(form: FormScreen): string[] {
  return textIn(form, 'targets')
    .split(',')
    .map((part) => part.trim())
    .flatMap((part) => (/[=()]/.test(part) && /\s/.test(part) ? splitExpression(part) : part.split(/\s+/)))
    .filter((part) => part !== '');
}

/** What a form comes to: the messages as they would be sent, and what is wrong with which field. */
export interface FormResult {
  readonly messages: readonly Json[];
  readonly faults: Readonly<Record<string, string>>;
  readonly nodes: readonly string[];
}

/** Builds the messages of a form. Names that the node does not know are sent to as they are written. */
export function formResult(form: FormScreen, methods: readonly MethodDescription[]): FormResult {
  if (form.whole !== null) return { messages: form.whole, faults: {}, nodes: nodesIn(form.whole) };
  const { message, faults } = buildMessage(rowsOf(form, methods), (field) => textIn(form, field), form.extra);
  const nodes = nodesMeant(form);
  const to = nodes.length === 1 ? { toNode: nodes[0] } : { toNodes: nodes };
  const targetFault = nodes.length > 0 ? targetsFault(form) : noTargets(form);
  return {
    messages: [{ ...to, ...message }],
    faults: targetFault === undefined ? faults : { targets: targetFault, ...faults },
    nodes,
  };
}

/** Names that are meant but not known; a message to them waits until such a node is heard of. */
export function strangers(form: FormScreen): string[] {
  return (form.found?.unknown ?? []).map(({ target }) => target).filter(isPlainName);
}

function nodesMeant(form: FormScreen): string[] {
  if (form.found === null) return targetsOf(form).filter(isPlainName);
  return [...form.found.nodes.map(({ name }) => name), ...strangers(form)];
}

function targetsFault(form: FormScreen): string | undefined {
  return form.found?.unknown.find(({ target }) => !isPlainName(target))?.reason;
}

function noTargets(form: FormScreen): string {
  const [first] = form.found?.unknown ?? [];
  return targetsOf(form).length === 0 ? 'is needed' : (first?.reason ?? 'names no node');
}

/** Whether a target is the name of a node, and no pattern, group or expression. */
export function isPlainName(target: string): boolean {
  return /^[^\s.*?>/\\@=()!,$-][^\s.*?>/\\@=()!,]*$/u.test(target);
}

function nodesIn(messages: readonly Json[]): string[] {
  const names = messages.flatMap(({ toNode, toNodes }) => [
    toNode,
    ...(Array.isArray(toNodes) ? toNodes : []),
  ]);
  return [...new Set(names.filter((name) => typeof name === 'string'))];
}

/** Words that join their neighbours to one expression. */
function splitExpression(part: string): string[] {
  return /\b(and|or|not)\b|[()]/i.test(part) ? [part] : part.split(/\s+/);
}

function argumentValues(
  args: readonly string[],
  description: MethodDescription | undefined,
): Record<string, TextInput> {
  const fields = (description?.args ?? []).map(({ field }) => field);
  const places = fields.map(argumentPlace).filter((position) => position !== undefined);
  const known = places.reduce(
    (most, { index, isRest }) => (isRest ? args.length : Math.max(most, index + 1)),
    0,
  );
  const texts = fields.map((field) => [field, argumentText(args, field)] as const);
  const rest = [restField(known), joinWords(args.slice(known))] as const;
  return Object.fromEntries(
    [...texts, rest].filter(([, text]) => text !== '').map(([field, text]) => [field, inputOf(text)]),
  );
}

/** What the arguments have for a field; nothing for one that is no argument. */
function argumentText(args: readonly string[], field: string): string {
  const position = argumentPlace(field);
  if (position === undefined) return '';
  return position.isRest ? joinWords(args.slice(position.index)) : (args[position.index] ?? '');
}

/** The text of a field's value; undefined for one that its row cannot show. */
function fieldText({ type, field }: FormRow, value: unknown): string | undefined {
  if (Array.isArray(value)) return listText(value, field === 'data' ? 'data' : type);
  if (type === 'seconds' || type === 'count') return Number.isInteger(value) ? String(value) : undefined;
  return type === 'words' ? undefined : textOnly(value);
}

function listText(values: readonly unknown[], type: FormRow['type'] | 'data'): string | undefined {
  if (type === 'data') return values.length === 1 ? textOnly(values[0]) : undefined;
  if (type === 'words') return joinWords(values.map(String));
  return type === 'schedule' ? values.join(',') : undefined;
}

function textOnly(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
