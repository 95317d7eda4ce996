import { buildMessage } from '../../client/form-message.ts';
import { type FormRow, formRows } from '../../client/form-rows.ts';
import type { MethodDescription } from '../../contract/nodes.ts';
import { joinWords, splitWords } from '../../lib/shell-words.ts';
import { TEXTS } from '../texts.ts';
import { readWaves, type Waves } from './wave-form.ts';

/** What is to be done on nodes: a line, a script, or a method by its name. */
export type RunKind = string;

/** What was filled in to be run. */
export interface RunForm {
  readonly target: string;
  /** The message, without whom it goes to. */
  readonly message: Readonly<Record<string, unknown>>;
  /** What it does, in a few words. */
  readonly what: string;
  /** Whether its command is a line for a shell. */
  readonly isShell?: boolean;
  /** How it goes from node to node; undefined where all begin at once. */
  readonly waves?: Waves;
}

/** The rows that are shown for a kind: those of its own, and those that every message may have. */
export interface RunRows {
  readonly own: readonly FormRow[];
  readonly general: readonly FormRow[];
}

/** What a node puts in place of this word: the path of a file with the data of the message. */
const DATA_FILE = '{{STEWARD_DATA_FILE}}';
const COMMAND = 'REQCliCommand';
/** Fields of the page's own form. */
const PLACES: ReadonlySet<string> = new Set(['targets', 'method', 'send']);
/** What a command prints is kept and shown, so nothing of it has to be written to a file. */
const SHOWN = { method: COMMAND, replyMethod: 'REQNone', output: 'live', methodTimeout: 60 } as const;

export function rowsOf(kind: RunKind, methods: readonly MethodDescription[]): RunRows {
  const method = methods.find(({ name }) => name === kind);
  const rows = formRows(method, methods, () => false).filter(({ field }) => !PLACES.has(field));
  const own = new Set(method?.args.map(({ field }) => field));
  return {
    own: rows.filter(({ field }) => own.has(field)),
    general: rows.filter(({ field }) => !own.has(field)),
  };
}

/** The form that was filled in, or what is wrong with it. `textOf` is what stands in a field; '' where nothing does. */
export function readRunForm(
  kind: RunKind,
  textOf: (field: string) => string,
  methods: readonly MethodDescription[],
): RunForm | string {
  const target = textOf('target').trim();
  const { own, general } = rowsOf(kind, methods);
  const { message, faults } = buildMessage([...own, ...general], textOf, {});
  const [fault] = Object.entries(faults);
  if (target === '') return TEXTS.runMissing;
  if (fault !== undefined) return `${labelOf(fault[0], [...own, ...general])} ${fault[1]}`;
  const command = commandOf(kind, textOf);
  const waves = readWaves(textOf);
  if (typeof command === 'string') return command;
  if (typeof waves === 'string') return waves;
  const inWaves = waves && { waves };
  if (command === undefined) return { target, message: { ...message, method: kind }, what: kind, ...inWaves };
  const what = command.data === undefined ? joinWords(command.methodArgs) : TEXTS.runScript;
  const isShell = kind === 'command' && textOf('shell') !== '' && { isShell: true };
  return { target, message: { ...SHOWN, ...message, ...command }, what, ...isShell, ...inWaves };
}

function labelOf(field: string, rows: readonly FormRow[]): string {
  return rows.find((row) => row.field === field)?.label ?? field;
}

/** The command of a line or a script; a text is what is wrong, undefined that a method is meant. */
function commandOf(
  kind: RunKind,
  textOf: (field: string) => string,
): { readonly methodArgs: readonly string[]; readonly data?: readonly string[] } | string | undefined {
  if (kind === 'command') {
    const line = textOf('command').trim();
    if (line === '') return TEXTS.runMissing;
    if (textOf('shell') !== '') return { methodArgs: ['/bin/sh', '-c', line] };
    const split = splitWords(line);
    return split.ok ? { methodArgs: split.words } : split.fault;
  }
  if (kind !== 'script') return undefined;
  // A browser sends the ends of lines as Windows has them.
  const script = textOf('script').replaceAll('\r\n', '\n');
  const interpreter = /^#!\s*(\S.*)$/m.exec(script.split('\n')[0] ?? '')?.[1]?.trim() ?? '/bin/sh';
  const words = splitWords(interpreter);
  if (script.trim() === '') return TEXTS.runMissing;
  return words.ok ? { methodArgs: [...words.words, DATA_FILE], data: [script] } : words.fault;
}
