import { fileURLToPath } from 'node:url';
import { entryPoint, isSingleFile } from './own-file.ts';

/** As `bin/steward` has them, which says why. */
const ENGINE_FLAGS = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=4'];

/** A program and its first arguments. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

/** How this program is started again as a process of its own; the words of a command line follow. */
export function ownProgram(): Program {
  if (isSingleFile) return { command: process.execPath, args: [] };
  const main = fileURLToPath(entryPoint('main'));
  return { command: process.execPath, args: [...ENGINE_FLAGS, main] };
}
