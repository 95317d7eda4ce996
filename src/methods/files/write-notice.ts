import { goDate } from '../../lib/go-date.ts';
import { TemporaryError } from '../../lib/temporary-error.ts';
import type { Message } from '../../message/message.ts';
import type { Outcome } from '../../message/method-contract.ts';
import type { WriteFile } from './replace-file.ts';
import { type TargetOptions, targetFile } from './target-file.ts';

export interface NoticeDeps {
  readonly writeFile: WriteFile;
  readonly now: () => Date;
}

/** Replaces a message's file with one line: the date and a text. Not synced: it tells of a moment, and comes again. */
export async function writeNotice(
  message: Message,
  notice: { readonly text: string; readonly target?: TargetOptions },
  deps: NoticeDeps,
): Promise<Outcome> {
  const target = targetFile(message, notice.target);
  if ('fault' in target) return { ok: false, reason: target.fault };
  const line = Buffer.from(`${goDate(deps.now())}, ${notice.text}\n`);
  return await deps.writeFile({ path: target.path, data: [line], durable: false });
}

/** The same for those that don't try again: a fault that may pass is an outcome too. */
export async function tryNotice(...args: Parameters<typeof writeNotice>): Promise<Outcome> {
  try {
    return await writeNotice(...args);
  } catch (error) {
    if (error instanceof TemporaryError) return { ok: false, reason: error.message };
    throw error;
  }
}
