import type { ExecOptions } from './read-options.ts';
import { bytesAsJson } from './run-result.ts';

/** Gives the command the data of the message as its standard input. */
const WITH_STDIN = ['sh', '-c', 'f=$1; shift; exec "$@" <"$f"', 'sh', '{{STEWARD_DATA_FILE}}'];

/**
 * The message of a run, without its targets. Its output is told of while it runs, and goes nowhere else; that of a run
 * for later is appended to a file of the sending node.
 */
export function commandMessage(
  { command, timeoutSeconds, expiresInSeconds, schedule }: ExecOptions,
  { batch, stdin }: { readonly batch: string; readonly stdin: Uint8Array | undefined },
): Record<string, unknown> {
  return {
    method: 'REQCliCommand',
    methodArgs: stdin === undefined ? command : [...WITH_STDIN, ...command!],
    ...(stdin === undefined ? {} : { data: [bytesAsJson(stdin)] }),
    methodTimeout: timeoutSeconds,
    ...(expiresInSeconds === undefined ? {} : { expiresIn: expiresInSeconds }),
    ...(schedule === undefined
      ? { replyMethod: 'REQNone', output: 'live' }
      : { schedule, replyMethod: 'REQToFileAppend', directory: 'exec', fileName: `${batch}.log` }),
  };
}

/** What lists show for a run: how it was asked for. */
export function runLabel({ targets, command }: ExecOptions): string {
  return ['exec', ...targets.map(quoted), '--', ...command!.map(quoted)].join(' ').slice(0, MAX_LABEL);
}

const MAX_LABEL = 200;

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
