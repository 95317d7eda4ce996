import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import { makeFolders } from '../lib/make-folders.ts';
import { newId } from '../lib/new-id.ts';
import { readFault, readPlainFile } from '../lib/plain-file.ts';
import { retryUntilStopped } from '../lib/retry-until-stopped.ts';
import { isMessageFile } from '../message/input/message-file.ts';
import { refusalTexts, verdictOf } from './answer-line.ts';
import type { MessageFolder, TransferDeps } from './file-transfer.ts';

export interface StartupFolderDeps extends TransferDeps {
  readonly clock: Clock;
  /** Ends the work after the file under way. */
  readonly signal: AbortSignal;
}

/**
 * Submits the message files of the startup folder, in the order of their names, once; never rejects.
 *
 * A file that cannot be read or has messages that are refused is reported, and the others go on; while a fault can pass (a full or
 * locked database, too few open files) it is tried again, and those behind it wait. The folder is made (0700) where it is missing.
 */
export async function submitStartupFolder(
  { folder, maxBytes }: MessageFolder,
  deps: StartupFolderDeps,
): Promise<void> {
  const { submissions, ledger, logger, errorReporter, signal } = deps;
  const attempt = async (what: string, act: () => Promise<void>) => {
    let isTold = false;
    const onRetry = (error: unknown) => {
      if (!isTold) errorReporter.report(`error: ${what}: ${readFault(error)}; it is tried again`);
      isTold = true;
    };
    const retry = { ...deps, what: `${what} cannot be sent`, onRetry };
    await retryUntilStopped(act, retry).catch((error) =>
      errorReporter.report(`error: ${what}: ${readFault(error)}`),
    );
  };
  let names: string[] = [];
  await attempt(`the startup folder ${folder}`, async () => {
    names = await messageFilesOf(folder);
  });
  for (const name of names) {
    if (signal.aborted) return;
    const batch = newId();
    await attempt(`startup folder: ${name}`, async () => {
      const text = await readPlainFile(join(folder, name), { maxBytes });
      const line = await submissions.resume(text, { batch, stored: ledger.batch(batch) }, 'startup folder');
      const verdict = verdictOf(line);
      if (verdict !== 'unread') logger.info({ file: name, verdict }, 'startup messages were submitted');
      const faults = verdict === 'accepted' ? [] : refusalTexts(line);
      for (const fault of faults) errorReporter.report(`error: startup folder: ${name}: ${fault}`);
    });
  }
}

/** The names of message files in a folder, sorted by their bytes, whatever the locale. */
async function messageFilesOf(folder: string): Promise<string[]> {
  await makeFolders(folder, 0o700);
  const names = (await readdir(folder)).filter(isMessageFile);
  return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
