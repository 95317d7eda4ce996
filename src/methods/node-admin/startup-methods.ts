import { KeyedLock } from '../../lib/keyed-lock.ts';
import { createReplaceFile } from '../files/replace-file.ts';
import type { Method } from '../method.ts';
import { createReqStartupAdd } from './req-startup-add.ts';
import { createReqStartupList } from './req-startup-list.ts';
import { createReqStartupRemove } from './req-startup-remove.ts';
import type { StartupFolder } from './startup-folder.ts';

export interface StartupOptions {
  /** Folder of messages that are sent at each start; '' = the node has none. */
  readonly startupFolder: string;
}

export type StartupDeps = Pick<StartupFolder, 'submissions'>;

/** Makes the methods that keep the files of the startup folder. */
export function createStartupMethods(options: StartupOptions, deps: StartupDeps): Method[] {
  const lock = new KeyedLock();
  const folder = options.startupFolder;
  const startup = {
    submissions: deps.submissions,
    folder,
    lock,
    replaceFile: createReplaceFile({ dataFolder: folder }, { lock }),
  };
  return [createReqStartupAdd(startup), createReqStartupList(startup), createReqStartupRemove(startup)];
}
