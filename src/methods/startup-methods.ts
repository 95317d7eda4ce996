import { KeyedLock } from '../lib/keyed-lock.ts';
import type { RunResult } from '../message/method-work.ts';
import type { Method } from './method.ts';
import { opFailed } from './op-result.ts';
import { createReplaceFile, type ReplaceFile } from './replace-file.ts';
import { createReqStartupAdd } from './req-startup-add.ts';
import { createReqStartupList } from './req-startup-list.ts';
import { createReqStartupRemove } from './req-startup-remove.ts';

export interface StartupOptions {
  /** Folder of messages that are sent at each start; '' = the node has none. */
  readonly startupFolder: string;
}

export interface StartupDeps {
  /** Why a submission must not be kept, a sentence each; none where all of it could be sent. */
  checkMessages(text: Uint8Array): Promise<readonly string[]>;
}

/** What the startup methods share. */
export interface StartupFolder {
  readonly folder: string;
  readonly replaceFile: ReplaceFile;
  readonly lock: KeyedLock;
  checkMessages(text: Uint8Array): Promise<readonly string[]>;
}

/** Makes the methods that keep the files of the startup folder. */
export function createStartupMethods(options: StartupOptions, deps: StartupDeps): Method[] {
  const lock = new KeyedLock();
  const folder = options.startupFolder;
  const startup = {
    ...deps,
    folder,
    lock,
    replaceFile: createReplaceFile({ dataFolder: folder }, { lock }),
  };
  return [createReqStartupAdd(startup), createReqStartupList(startup), createReqStartupRemove(startup)];
}

/** The result of a startup method that was done. */
export function startupDone(text: string): RunResult {
  const reply = Buffer.from(text);
  return { state: 'succeeded', reply, outputBytes: reply.length };
}

/** The result where the node has no startup folder, or undefined where it has one. */
export function noStartupFolder(method: string, { folder }: StartupFolder): RunResult | undefined {
  if (folder !== '') return undefined;
  return opFailed(method, 'this node has no startup folder: start it with -startupFolder=./startup');
}
