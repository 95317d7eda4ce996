import type { KeyedLock } from '../../lib/keyed-lock.ts';
import type { FileSystem } from '../../lib/system-files.ts';
import type { RunResult } from '../../message/method-contract.ts';
import type { ReplaceFile } from '../files/replace-file.ts';
import { opFailed } from './op-result.ts';

/** What the startup methods share. */
export interface StartupFolder {
  readonly folder: string;
  readonly replaceFile: ReplaceFile;
  readonly lock: KeyedLock;
  readonly files: FileSystem;
  readonly submissions: {
    /** Why a submission must not be kept, a sentence each; none where all of it could be sent. */
    faults(text: Uint8Array): Promise<readonly string[]>;
  };
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
