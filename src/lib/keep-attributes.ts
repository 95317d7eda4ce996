import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { openFile } from './held-files.ts';
import { errorCode } from './system-fault.ts';
import { isTemporary, TemporaryError } from './temporary-error.ts';

const SAFE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
const SET_ID = 0o6000;
const ENV = { LC_ALL: 'C', PATH: '/usr/local/bin:/usr/bin:/bin' };
/** What `cp` of GNU says where something could not be kept; that the file system has nothing of the kind is no loss. */
const LOSS = /^cp: ((?:setting|getting|listing|preserving) [a-z]+)(?: '([\w.]+)')? (?:for|of) .*: (.+)$/;
const NOTHING_THERE = /not supported|not implemented/;
const PASSES = /No space left|quota exceeded|Cannot allocate|Input\/output error/i;

/**
 * Gives a file the access list (ACL) and extended attributes of the one at `path` by way of `cp` of GNU, as the engine has no
 * call for them; other programs of that name keep nothing. Capabilities go, as set-id bits do: what is new is another program, and a
 * message must not make one that may do more than others. Returns a phrase for what could not be kept; throws a fault that may pass,
 * as where no process can be begun.
 */
export async function keepAttributes(path: string, to: FileHandle): Promise<string | undefined> {
  try {
    await using old = await openFile(path, SAFE);
    // Not for a moment has what is new a set-id bit.
    const what = ((await old.stat()).mode & SET_ID) === 0 ? 'mode,xattr' : 'xattr';
    const args = ['--attributes-only', `--preserve=${what}`, '--', '/proc/self/fd/3', '/proc/self/fd/4'];
    const complaints = await complaintsOf('cp', args, [old.fd, to.fd]);
    // The system takes the capabilities from a file whose size is set.
    await to.truncate((await to.stat()).size);
    return lossIn(complaints);
  } catch (error) {
    if (isTemporary(error)) throw error;
    return 'its access list and extended attributes, if it had any, could not be read';
  }
}

function lossIn(complaints: string): string | undefined {
  for (const line of complaints.split('\n')) {
    const [, , name, fault] = LOSS.exec(line) ?? [];
    if (fault === undefined || NOTHING_THERE.test(fault)) continue;
    const text = `its ${name ? `attribute ${name}` : 'access list or extended attributes'} could not be kept: ${fault}`;
    if (PASSES.test(fault)) throw new TemporaryError(text);
    return text;
  }
  return undefined;
}

async function complaintsOf(program: string, args: string[], files: readonly number[]): Promise<string> {
  const child = spawn(program, args, { env: ENV, stdio: ['ignore', 'ignore', 'pipe', ...files] });
  // A machine without the program keeps none.
  const failed = new Promise<string>((resolve, reject) =>
    child.on('error', (error) => (errorCode(error) === 'ENOENT' ? resolve('') : reject(error))),
  );
  // Where no descriptor is left there is no pipe either.
  return await (child.stderr ? Promise.race([text(child.stderr), failed]) : failed);
}
