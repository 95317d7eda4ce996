import { joinWords } from '../../../lib/shell-words.ts';
import { PRIORITIES, type Priority, priorityOf } from '../../../message/priority.ts';
import { readSupersedes } from '../../../message/supersedes.ts';
import { type Amount, parseAmount } from '../../../waves/amount.ts';
import { type ParsedCall, UsageError } from '../../line/command.ts';
import { durationOption, momentOption, wholeNumberOption } from '../../line/option-values.ts';
import { formOf } from '../with-node.ts';
import type { Surroundings } from './wrap-command.ts';

/** What a line of `steward exec` asks for. */
export interface ExecOptions extends Readonly<ReturnType<typeof optionsOf>> {}

/** How a run goes from node to node. */
export interface Rolling {
  /** As it was written: `10` or `10%`. */
  readonly batch: string | undefined;
  readonly batchWaitMs: number;
  readonly maxErrors: string | undefined;
  readonly canary: number;
}

type Values = Readonly<Record<string, unknown>>;

const DEFAULT_TIMEOUT_S = 60;

/** Reads and checks a command line. Throws UsageError. */
export function readExecOptions(call: ParsedCall, now: number): ExecOptions {
  const read = optionsOf(call, now);
  check(read, call);
  return read;
}

function optionsOf({ options, operands, rest }: ParsedCall, now: number) {
  const values = options as Values;
  const script = textOf(values, 'script');
  return {
    targets: operands,
    /** Program and arguments; undefined with `resume` or `isDryRun`. */
    command: script === undefined ? commandOf({ values, operands, rest }) : (rest ?? []),
    takesStdin: values.stdin === true,
    /** The file of a script that is to run, with `command` as its arguments. */
    script,
    interpreter: textOf(values, 'interpreter'),
    surroundings: surroundingsOf(values),
    isTemplate: values.template === true,
    isFolded: values.fold === true,
    /** Whole seconds; -1 for no limit. */
    timeoutSeconds: timeoutOf(textOf(values, 'timeout')),
    expiresInSeconds: secondsOf(values, 'expires-in'),
    /** A cron expression, or a time as ISO 8601. */
    schedule: scheduleOf(textOf(values, 'at'), now),
    priority: priorityOption(textOf(values, 'priority')),
    supersedes: keyOption(values),
    waitMs: durationOf(values, 'wait'),
    isDetached: values.detach === true,
    resume: textOf(values, 'resume'),
    isDryRun: values['dry-run'] === true,
    takesNew: values.new === true,
    limit: amountOf(values, 'limit'),
    rolling: rollingOf(values),
    prefix: prefixOf(textOf(values, 'prefix') ?? 'auto'),
    logFolder: textOf(values, 'log-dir'),
    form: formOf(values),
  };
}

function priorityOption(text: string | undefined): Priority | undefined {
  const read = priorityOf(text);
  if (text !== undefined && !read)
    throw new UsageError(`--priority ${JSON.stringify(text)} is not one of ${PRIORITIES.join(', ')}`);
  return read;
}

/** The key of a command line. Throws UsageError. */
export function keyOption(values: Values): string | undefined {
  const key = textOf(values, 'supersedes');
  const read = key === undefined ? undefined : readSupersedes(key);
  if (read?.ok === false) throw new UsageError(`--supersedes ${read.reason}`);
  return key;
}

function checkResume({ targets, command, ...read }: ExecOptions): void {
  if (targets.length > 0 || command !== undefined)
    throw new UsageError('--resume takes targets and command from the batch: leave them away');
  const { isDryRun, isDetached, takesStdin, rolling, schedule, limit, script, isTemplate, surroundings } =
    read;
  const { priority, supersedes } = read;
  const given = [
    rolling,
    schedule,
    limit,
    script,
    priority,
    supersedes,
    surroundings.cwd,
    surroundings.user,
    surroundings.env[0],
  ];
  const isChanged = isTemplate || given.some((value) => value !== undefined);
  if (isDryRun || isDetached || takesStdin || isChanged)
    throw new UsageError(
      '--resume goes on with a run as it was begun: only --wait, --prefix, --fold, --log-dir, --json and --jsonl go with it',
    );
}

function check(read: ExecOptions, call: ParsedCall): void {
  const { targets, command, resume, isDryRun } = read;
  if (resume !== undefined) return checkResume(read);
  if (targets.length === 0)
    throw new UsageError('name the nodes: steward exec ship1 -- uptime, or * in quotes for all of them');
  if (command === undefined && !isDryRun)
    throw new UsageError(`the command goes behind a bare --: ${withDashes(call)}`);
  checkScript(read);
}

/** The line with the bare -- where it seems to be meant: behind the first target. */
function withDashes({ args, operands }: ParsedCall): string {
  const at = args.indexOf(operands[0]!);
  const command = args.slice(at + 1);
  const words = [...args.slice(0, at + 1), '--', ...(command.length === 0 ? ['uptime'] : command)];
  return `steward exec ${joinWords(words)}`;
}

function checkScript({ script, interpreter, takesStdin }: ExecOptions): void {
  if (script === undefined && interpreter !== undefined)
    throw new UsageError('--interpreter belongs to --script FILE: for a command, name the program behind --');
  if (script !== undefined && takesStdin)
    throw new UsageError('--script and --stdin exclude each other: the script takes the place of the data');
}

function surroundingsOf(values: Values): Surroundings {
  const env = (values.env ?? []) as readonly string[];
  const wrong = env.find((text) => !/^[A-Za-z_]\w*=/.test(text));
  if (wrong !== undefined)
    throw new UsageError(`--env ${JSON.stringify(wrong)} is no NAME=VALUE, such as LANG=C`);
  const user = textOf(values, 'user');
  if (user !== undefined && !/^[A-Za-z_][\w.-]*\$?$/.test(user))
    throw new UsageError(`--user ${JSON.stringify(user)} is no name of a user`);
  const cwd = textOf(values, 'cwd');
  if (cwd !== undefined && !cwd.startsWith('/'))
    throw new UsageError(`--cwd ${JSON.stringify(cwd)}: write the folder on the node from its root`);
  return { env, cwd, user };
}

function commandOf({
  values,
  operands,
  rest,
}: { values: Values } & Pick<ParsedCall, 'operands' | 'rest'>): readonly string[] | undefined {
  const script = textOf(values, 'shell');
  if (script === undefined && rest === undefined) return undefined;
  if (script !== undefined && rest !== undefined)
    throw new UsageError('--shell and a command behind -- exclude each other: give one of them');
  if (script !== undefined) return ['sh', '-c', script];
  if (rest![0] === undefined || rest![0] === '')
    throw new UsageError(
      `the command behind -- is missing, as in: steward exec ${operands[0] ?? 'ship1'} -- uptime`,
    );
  return rest!;
}

function rollingOf(values: Values): Rolling | undefined {
  const batch = amountText(values, 'batch');
  const canary = wholeNumberOption('canary', textOf(values, 'canary'));
  const maxErrors = amountText(values, 'max-errors');
  const batchWaitMs = durationOf(values, 'batch-wait');
  if (batch === undefined && canary === undefined) {
    const orphan =
      maxErrors !== undefined ? 'max-errors' : batchWaitMs !== undefined ? 'batch-wait' : undefined;
    if (orphan === undefined) return undefined;
    throw new UsageError(`--${orphan} needs --batch or --canary: without them all nodes begin at once`);
  }
  return { batch, canary: canary ?? 0, maxErrors, batchWaitMs: batchWaitMs ?? 0 };
}

function scheduleOf(text: string | undefined, now: number): string | undefined {
  if (text === undefined) return undefined;
  const isCron = text.startsWith('@') || /^\S+( +\S+){4,5}$/.test(text.trim());
  if (isCron) return text.trim();
  const at = momentOption('at', text, { now, isPast: false });
  if (at > now) return new Date(at).toISOString();
  throw new UsageError(`--at ${JSON.stringify(text)} is over already: ${new Date(at).toLocaleString('sv')}`);
}

function timeoutOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_TIMEOUT_S;
  if (text === 'none' || text === '-1') return -1;
  const seconds = Math.ceil(durationOption('timeout', text) / 1000);
  if (seconds > 0) return seconds;
  throw new UsageError('--timeout 0 leaves no time at all: give a time, or none for no limit');
}

/** Reads `--prefix`. Throws UsageError. */
export function prefixOf(text: string): 'auto' | 'always' | 'never' {
  if (text === 'auto' || text === 'always' || text === 'never') return text;
  throw new UsageError(`--prefix ${JSON.stringify(text)} is not one of auto, always, never`);
}

function amountOf(values: Values, name: string): Amount | undefined {
  const text = textOf(values, name);
  if (text === undefined) return undefined;
  const read = parseAmount(text, name === 'max-errors' ? 0 : 1);
  if (read) return read;
  throw new UsageError(`--${name} ${JSON.stringify(text)} is no number of nodes: write it as 10 or 10%`);
}

function amountText(values: Values, name: string): string | undefined {
  return amountOf(values, name) && textOf(values, name);
}

/** Reads an option that is a span of time; `--wait` may be forever. Throws UsageError. */
export function durationOf(values: Values, name: string): number | undefined {
  const text = textOf(values, name);
  if (name === 'wait' && (text === 'forever' || text === 'none')) return text === 'none' ? 0 : Infinity;
  return text === undefined ? undefined : durationOption(name, text);
}

function secondsOf(values: Values, name: string): number | undefined {
  const ms = durationOf(values, name);
  if (ms === undefined || ms >= 1000) return ms === undefined ? undefined : Math.ceil(ms / 1000);
  throw new UsageError(
    `--${name} ${JSON.stringify(values[name])} is less than a second: no node would begin in time`,
  );
}

function textOf(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}
