import { join } from 'node:path';
import { syncFolder } from '../../lib/open-inside.ts';
import { errorCode, systemFault } from '../../lib/system-fault.ts';
import { messageFileFault } from '../../message/input/message-file.ts';
import type { Message } from '../../message/message.ts';
import type { RunResult } from '../../message/method-contract.ts';
import { type RunMethod, required } from '../method.ts';
import { opFailed } from './op-result.ts';
import { noStartupFolder, type StartupFolder, startupDone } from './startup-folder.ts';

/**
 * REQStartupRemove (EventACK): removes a file from the startup folder.
 *
 * methodArgs is the file's name, as REQStartupList gives it. Replies a line. What its messages have started goes on.
 * Fails where there is no such file or the node has no startup folder.
 */
export function createReqStartupRemove(startup: StartupFolder): RunMethod {
  return {
    name: 'REQStartupRemove',
    kind: 'EventACK',
    mode: 'run',
    summary: 'Removes a file of messages that the node sends at each start.',
    args: [
      required('methodArgs[0]', 'file name', 'Name of the file, as REQStartupList gives it', 'ping.yaml'),
    ],
    check: ({ methodArgs }) => messageFileFault(methodArgs?.[0] ?? ''),
    run: async ({ message }) => noStartupFolder('StartupRemove', startup) ?? remove(message, startup),
  };
}

async function remove({ methodArgs }: Message, { folder, lock, files }: StartupFolder): Promise<RunResult> {
  const name = methodArgs![0]!;
  const release = await lock.acquire([name]);
  try {
    await files.rm(join(folder, name));
    await syncFolder(folder, files);
    return startupDone(`info: StartupRemove: ${name} is removed\n`);
  } catch (error) {
    const isMissing = errorCode(error) === 'ENOENT';
    return opFailed(
      'StartupRemove',
      isMissing ? `there is no file ${name}` : `${name}: ${systemFault(error)}`,
    );
  } finally {
    release();
  }
}
