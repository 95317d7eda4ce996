import { joinWords } from '../../../lib/shell-words.ts';
import { MOST_URGENT_BYTES, type Priority } from '../../../message/priority.ts';
import { fillTemplate, type TemplateNode } from '../../../waves/fill-template.ts';
import type { ExecOptions } from './read-options.ts';
import { bytesAsJson } from './run-result.ts';
import type { ScriptFile } from './script-file.ts';
import { DATA_FILE, withFile, wrapCommand } from './wrap-command.ts';

/** What a command gets from this machine: data for its standard input, or the script that it is. */
export interface CommandData {
  readonly stdin?: Uint8Array | undefined;
  /** A file of its node, in the place of data that are too large. */
  readonly stdinPath?: string | undefined;
  readonly script?: ScriptFile | undefined;
}

/**
 * The message of a run, without its targets. Its output comes while it runs, and goes nowhere else; that of a run
 * for later is appended to a file of the sending node.
 */
export function commandMessage(
  options: ExecOptions,
  { batch, stdin, stdinPath, script }: CommandData & { readonly batch: string },
): Record<string, unknown> {
  const { command, surroundings, timeoutSeconds, expiresInSeconds, schedule, supersedes } = options;
  const data = script?.content ?? stdin;
  const args = script
    ? wrapCommand([...script.interpreter, DATA_FILE, ...command!], surroundings, 'script')
    : wrapCommand(command!, surroundings, stdin === undefined ? 'none' : 'stdin');
  const priority = priorityIn(options, data?.length);
  return {
    method: 'REQCliCommand',
    methodArgs: stdinPath === undefined ? args : withFile(stdinPath, args),
    ...(data === undefined ? {} : { data: [bytesAsJson(data)] }),
    methodTimeout: timeoutSeconds,
    ...(expiresInSeconds === undefined ? {} : { expiresIn: expiresInSeconds }),
    ...(priority === undefined ? {} : { priority }),
    ...(supersedes === undefined ? {} : { supersedes }),
    ...(schedule === undefined
      ? { replyMethod: 'REQNone', output: 'live' }
      : { schedule, replyMethod: 'REQToFileAppend', directory: 'exec', fileName: `${batch}.log` }),
  };
}

/** The class that a command names: it is urgent where somebody waits for it, and it is small. */
export function priorityIn(
  { priority, isDetached, schedule }: ExecOptions,
  dataBytes = 0,
): Priority | undefined {
  const isAwaited = !isDetached && schedule === undefined && dataBytes <= MOST_URGENT_BYTES;
  return priority ?? (isAwaited ? 'urgent' : undefined);
}

/** The message for one node, with its placeholders filled in. Throws UsageError. */
export function filledMessage(message: Readonly<Record<string, unknown>>, node: TemplateNode): object {
  const args = message.methodArgs as readonly string[];
  return { ...message, toNode: node.name, methodArgs: args.map((arg) => fillTemplate(arg, node)) };
}

/** What lists show for a run: how it was asked for. */
export function runLabel({ targets, command, script }: ExecOptions): string {
  const asked = script === undefined ? ['--', ...command!] : ['--script', script, ...command!];
  return joinWords(['exec', ...targets, ...asked]).slice(0, MAX_LABEL);
}

const MAX_LABEL = 200;
