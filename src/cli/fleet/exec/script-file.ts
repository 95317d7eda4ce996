import { splitWords } from '../../../lib/shell-words.ts';
import { UsageError } from '../../line/command.ts';
import { readGiven } from '../../line/read-given.ts';

/** A script that is to run on nodes, and what runs it there. */
export interface ScriptFile {
  readonly interpreter: readonly string[];
  readonly content: Uint8Array;
}

/** Reads the file of `--script`; its interpreter is the one that is named, or that of its first line. Throws UsageError. */
export async function readScript(path: string, interpreter: string | undefined): Promise<ScriptFile> {
  const content = await readGiven(path, `--script ${path}`);
  const named = interpreter ?? shebangOf(content, path);
  const split = splitWords(named);
  if (!split.ok)
    throw new UsageError(`the interpreter ${JSON.stringify(named)} cannot be read: ${split.fault}`);
  return { interpreter: split.words, content };
}

function shebangOf(content: Uint8Array, path: string): string {
  const [line = ''] = Buffer.from(content.subarray(0, 256)).toString().split('\n');
  const found = /^#!\s*(\S.*)$/.exec(line.trimEnd())?.[1];
  if (line.startsWith('#!') && line.endsWith('\r'))
    throw new UsageError(
      `${path} has the line ends of Windows, which its interpreter does not take: save it with \\n`,
    );
  if (found === undefined)
    throw new UsageError(
      `${path} does not say what runs it: begin it with #!/bin/sh, or give --interpreter sh`,
    );
  return found;
}
