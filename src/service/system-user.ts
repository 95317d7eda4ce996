import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunProgram } from './run-program.ts';
import { ServiceError } from './service-error.ts';

/** A user of the system, by numbers. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/** The user of a name: from the users of the system, or of another root's; undefined where there is none. */
export async function findUser(name: string, root: string, run: RunProgram): Promise<SystemUser | undefined> {
  const line = root === '/' ? await askSystem(name, run) : await lineIn(join(root, 'etc/passwd'), name);
  const found = /^[^:]*:[^:]*:(\d+):(\d+):/.exec(line ?? '');
  return found === null ? undefined : { uid: Number(found[1]), gid: Number(found[2]) };
}

/** Makes a system user that nobody can log in as. Throws ServiceError. */
export async function makeUser(name: string, homeFolder: string, run: RunProgram): Promise<void> {
  const { exitCode, stderr } = await run('useradd', [
    ...['--system', '--user-group', '--no-create-home', '--home-dir', homeFolder],
    ...['--shell', '/usr/sbin/nologin', '--comment', 'Steward node', name],
  ]);
  if (exitCode === 0) return;
  throw new ServiceError(
    'no-user',
    `the user ${name} could not be made (${stderr.trim() || `useradd ended with ${exitCode}`}): make it, or name another with --user`,
  );
}

/** Also users of a directory service are found by getent; without it the file has all there are. */
async function askSystem(name: string, run: RunProgram): Promise<string | undefined> {
  const { exitCode, stdout } = await run('getent', ['passwd', name]);
  if (exitCode === 0) return stdout;
  return lineIn('/etc/passwd', name);
}

async function lineIn(path: string, name: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').find((line) => line.startsWith(`${name}:`));
}
