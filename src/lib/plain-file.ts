import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { openFile } from './held-files.ts';
import { errorCode, systemFault } from './system-fault.ts';

/** No file of settings, keys or notes has more, bytes. */
const MOST_BYTES = 64 * 1024 * 1024;
// Never wait for a FIFO's other end, never become a terminal's owner.
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Reads a regular file whole, and without waiting: nobody may have anything in the place of a pipe. Throws what the system
 * says, or that it is no regular file, or has more than `maxBytes`; `readFault` has the sentence for it.
 */
export async function readPlainFile(
  path: string,
  { maxBytes = MOST_BYTES, followsLinks = true } = {},
): Promise<Buffer> {
  await using handle = await openFile(path, followsLinks ? FLAGS : FLAGS | constants.O_NOFOLLOW);
  refuseUnfit(await handle.stat(), maxBytes);
  return await handle.readFile();
}

/** What is thrown where a file cannot be read that is needed. */
interface ReadFailure<Code> {
  readonly as: new (code: Code, sentence: string, options: ErrorOptions) => Error;
  readonly code: Code;
  /** What the sentence begins with; else the path. */
  readonly name?: string;
}

/** `readPlainFile` for the text of a file that is needed; what goes wrong is thrown as it is asked for. */
export async function readNeededFile<Code>(
  path: string,
  { as, code, name = path }: ReadFailure<Code>,
  readFile: (path: string) => Promise<Uint8Array> = readPlainFile,
): Promise<string> {
  try {
    return Buffer.from(await readFile(path)).toString();
  } catch (cause) {
    throw new as(code, `${name} cannot be read: ${readFault(cause)}`, { cause });
  }
}

/** The same; undefined where the file is not there. */
export async function readFileIfThere<Code>(
  ...given: Parameters<typeof readNeededFile<Code>>
): Promise<string | undefined> {
  return await readNeededFile(...given).catch((error: Error) => {
    if (errorCode(error.cause) === 'ENOENT') return undefined;
    throw error;
  });
}

/** `readPlainFile` for a file that is needed at once. */
export function readPlainFileSync(path: string): Buffer {
  const file = openSync(path, FLAGS);
  try {
    refuseUnfit(fstatSync(file), MOST_BYTES);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Why a file that is needed cannot be read, or a folder made, with the way out: the end of a sentence that names it. */
export function readFault(error: unknown): string {
  const wayOut = WAYS_OUT[errorCode(error) ?? ''];
  return wayOut === undefined ? systemFault(error) : `${systemFault(error)}; ${wayOut}`;
}

const user = process.geteuid?.();
const letRead = `let the user that this runs as${user === undefined ? '' : ` (id ${user})`} read it, and enter its folders`;
const WAYS_OUT: Readonly<Record<string, string>> = {
  ENOENT: 'put it there, or name the one that is meant',
  EEXIST: 'it is no folder: move away what stands there',
  ENOTDIR: 'a folder on the way to it is none: move away what stands there',
  EACCES: letRead,
  EPERM: letRead,
};

function refuseUnfit(found: Stats, maxBytes: number): void {
  if (found.isDirectory()) throw new Error('it is a folder, not a regular file: move it away');
  if (!found.isFile())
    throw new Error('it is a pipe, a socket or a device, not a regular file: move it away');
  if (found.size > maxBytes)
    throw new Error(`it has ${found.size} bytes, and ${maxBytes} are the most that is read`);
}
