import type { Incoming, Outcome } from '../../message/method-contract.ts';
import { FILE_ARGUMENTS } from '../arguments.ts';
import type { EffectMethod } from '../method.ts';
import type { WriteFile } from './replace-file.ts';
import { targetFault, targetFile } from './target-file.ts';

/**
 * REQToFile (EventACK): writes data to a file, in place of what it held.
 *
 * Fields: directory and fileName, see `targetFile`. The items of `data` are written one after the other, as they
 * are. The file changes at once (readers never see a part) and keeps its owner, group and mode; a new one gets what fileMode says. Of several
 * messages for one file that come together the last is written. Answered when it is on disk. A file that can't
 * be written is refused with the system's reason; no space and the like make the sender try again.
 */
export function createReqToFile({ writeFile }: { readonly writeFile: WriteFile }): EffectMethod {
  return {
    name: 'REQToFile',
    kind: 'EventACK',
    mode: 'effect',
    summary: 'Writes data to a file in the data folder, in place of its content.',
    args: FILE_ARGUMENTS,
    check: (message) => targetFault(message),
    apply: (batch) => replaceAll(batch, writeFile),
  };
}

async function replaceAll(batch: readonly Incoming[], writeFile: WriteFile): Promise<Outcome[]> {
  const targets = batch.map(({ message }) => targetFile(message));
  const last = new Map<string, Incoming>();
  for (const [index, target] of targets.entries()) if ('path' in target) last.set(target.path, batch[index]!);
  const written = await Promise.allSettled(
    [...last].map(async ([path, { message }]): Promise<[string, Outcome]> => {
      return [path, await writeFile({ path, data: message.data ?? [] })];
    }),
  );
  const outcomes = new Map<string, Outcome>();
  for (const result of written) {
    if (result.status === 'rejected') throw result.reason;
    outcomes.set(...result.value);
  }
  return targets.map((target) =>
    'path' in target ? outcomes.get(target.path)! : { ok: false, reason: target.fault },
  );
}
