import type { Incoming, Intend, Outcome } from '../../message/method-contract.ts';
import { FILE_ARGUMENTS } from '../arguments.ts';
import type { EffectMethod } from '../method.ts';
import { checksumOf } from './append-note.ts';
import type { HoldsContent, KnownContent, WriteFile } from './replace-file.ts';
import { targetFault, targetFile } from './target-file.ts';

/**
 * REQToFile (EventACK): writes data to a file, in place of what it held.
 *
 * Fields: directory and fileName, see `targetFile`. The items of `data` are written one after the other, as they
 * are. The file changes at once (readers never see a part) and keeps its owner, group and mode; a new one gets what fileMode says. Of several
 * messages for one file that come together the last is written. Answered when it is on disk. A file that can't
 * be written is refused with the system's reason; no space and the like make the sender try again. A note of what each file
 * will hold comes first: after a crash it tells whether that was done, for a sender that cancels meanwhile.
 */
export function createReqToFile(files: ToFileDeps): EffectMethod {
  return {
    name: 'REQToFile',
    kind: 'EventACK',
    mode: 'effect',
    summary: 'Writes data to a file in the data folder, in place of its content.',
    args: FILE_ARGUMENTS,
    check: targetFault,
    apply: (batch, intend) => replaceAll(batch, files.writeFile, intend),
    recover: (note) => holdsAll(note, files.holdsContent),
    fades: true,
  };
}

interface ToFileDeps {
  readonly writeFile: WriteFile;
  readonly holdsContent: HoldsContent;
}

async function replaceAll(
  batch: readonly Incoming[],
  writeFile: WriteFile,
  intend: Intend,
): Promise<Outcome[]> {
  const targets = batch.map(({ message }) => targetFile(message));
  const last = new Map<string, Incoming>();
  for (const [index, target] of targets.entries()) if ('path' in target) last.set(target.path, batch[index]!);
  const note = JSON.stringify([...last].map(([path, { message }]) => contentOf(path, message.data ?? [])));
  if (last.size > 0) await intend(note);
  const written = await Promise.allSettled(
    [...last].map(async ([path, { message }]): Promise<[string, Outcome]> => {
      return [path, await writeFile({ path, data: message.data ?? [] })];
    }),
  );
  const outcomes = new Map<string, Outcome>();
  for (const result of written) {
    if (result.status === 'rejected') {
      intend.forget(note);
      throw result.reason;
    }
    outcomes.set(...result.value);
  }
  return targets.map((target) =>
    'path' in target ? outcomes.get(target.path)! : { ok: false, reason: target.fault },
  );
}

function contentOf(path: string, data: readonly Uint8Array[]): KnownContent {
  return { path, bytes: data.reduce((sum, { length }) => sum + length, 0), sum: checksumOf(data) };
}

async function holdsAll(note: string, holdsContent: HoldsContent): Promise<boolean> {
  for (const content of JSON.parse(note) as KnownContent[]) if (!(await holdsContent(content))) return false;
  return true;
}
