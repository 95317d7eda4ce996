import { join } from 'node:path';
import { passOver, systemFault } from '../../lib/system-fault.ts';
import type { FileSystem } from '../../lib/system-files.ts';
import { isMessageFile } from '../../message/input/message-file.ts';
import type { RunResult } from '../../message/method-contract.ts';
import type { RunMethod } from '../method.ts';
import { opFailed } from './op-result.ts';
import { noStartupFolder, type StartupFolder, startupDone } from './startup-folder.ts';

/**
 * REQStartupList (EventACK): lists the files of the startup folder.
 *
 * Replies a line for each, in the order in which they are sent: `<name>, bytes: <n>, modified: <ISO time>`; one line
 * that says so where there is none. Fails where the folder cannot be read or the node has none.
 */
export function createReqStartupList(startup: StartupFolder): RunMethod {
  return {
    name: 'REQStartupList',
    kind: 'EventACK',
    mode: 'run',
    summary: 'Lists the files of messages that the node sends at each start.',
    args: [],
    run: async () => noStartupFolder('StartupList', startup) ?? list(startup),
  };
}

async function list({ folder, files }: StartupFolder): Promise<RunResult> {
  try {
    const names = ((await files.readdir(folder).catch(passOver('ENOENT'))) ?? []).filter(isMessageFile);
    names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const lines = await Promise.all(names.map((name) => describe(join(folder, name), name, files)));
    const found = lines.filter((line) => line !== undefined);
    return startupDone(
      found.length === 0 ? 'info: StartupList: there are no files\n' : `${found.join('\n')}\n`,
    );
  } catch (error) {
    return opFailed('StartupList', systemFault(error));
  }
}

async function describe(path: string, name: string, files: FileSystem): Promise<string | undefined> {
  const stats = await files.stat(path).catch(() => undefined);
  return stats && `${name}, bytes: ${stats.size}, modified: ${stats.mtime.toISOString()}`;
}
