import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { readPlainFile } from '../lib/plain-file.ts';
import { systemFault } from '../lib/system-fault.ts';
import { isMessageFile } from '../message/input/message-file.ts';
import { refusalTexts, verdictOf } from './answer-line.ts';
import type { MessageFolder } from './file-transfer.ts';
import type { Submissions } from './submission-session.ts';

export interface StartupFolderDeps {
  readonly submissions: Pick<Submissions, 'submit'>;
  readonly logger: { info(fields: object, text: string): void };
  readonly errorReporter: { report(text: string): void };
  /** Ends the work after the file under way. */
  readonly signal: AbortSignal;
}

/**
 * Submits the message files of the startup folder, in the order of their names, once; never rejects.
 *
 * A file that cannot be read or has messages that are refused is reported, and the others go on. The folder is
 * made (0700) where it is missing, so that messages can be put there.
 */
export async function submitStartupFolder(
  { folder, maxBytes }: MessageFolder,
  { submissions, logger, errorReporter, signal }: StartupFolderDeps,
): Promise<void> {
  const names = await messageFilesOf(folder).catch((error) => {
    errorReporter.report(`error: the startup folder ${folder} cannot be read: ${systemFault(error)}`);
    return [];
  });
  for (const name of names) {
    if (signal.aborted) return;
    try {
      const line = await submissions.submit(
        await readPlainFile(join(folder, name), { maxBytes }),
        'startup folder',
      );
      const verdict = verdictOf(line);
      if (verdict !== 'unread') logger.info({ file: name, verdict }, 'startup messages were submitted');
      const faults = verdict === 'accepted' ? [] : refusalTexts(line);
      for (const text of faults) errorReporter.report(`error: startup folder: ${name}: ${text}`);
    } catch (error) {
      errorReporter.report(`error: startup folder: ${name}: ${systemFault(error)}`);
    }
  }
}

/** The names of message files in a folder, sorted by their bytes, whatever the locale. */
async function messageFilesOf(folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const names = (await readdir(folder)).filter(isMessageFile);
  return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
