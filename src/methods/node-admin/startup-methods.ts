import { KeyedLock } from '../../lib/keyed-lock.ts';
import { type FileSystem, systemFiles } from '../../lib/system-files.ts';
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

export type StartupDeps = Pick<StartupFolder, 'submissions'> & {
  /** Those of the machine unless told. */
  readonly files?: FileSystem;
};

/** Makes the methods that keep the files of the startup folder. */
export function createStartupMethods(options: StartupOptions, deps: StartupDeps): Method[] {
  const lock = new KeyedLock();
  const folder = options.startupFolder;
  const startup = {
    submissions: deps.submissions,
    folder,
    ...{ lock, files: deps.files ?? systemFiles },
    replaceFile: createReplaceFile({ dataFolder: folder }, { lock, files: deps.files }),
  };
  return [createReqStartupAdd(startup), createReqStartupList(startup), createReqStartupRemove(startup)];
}
