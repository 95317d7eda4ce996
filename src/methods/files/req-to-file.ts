import type { Incoming, Intend, Outcome } from '../../message/method-contract.ts';
import { type EffectMethod, FILE_ARGUMENTS } from '../method.ts';
import { checksumOf } from './append-note.ts';
import type { HoldsContent, KnownContent, WriteFile } from './replace-file.ts';
import { targetFault, targetFile } from './target-file.ts';

/**
 * REQToFile (EventACK): writes data to a file, in place of what it held.
 *
 * Fields: directory and fileName, see `targetFile`. The items of `data` are written one after the other, as they
 * are. The file changes at once (readers never see a part) and keeps its owner, group, mode and attributes; a new one gets what fileMode says. Of several
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
    recover: (note) => countDone(note, files.holdsContent),
    fades: true,
  };
}

interface ToFileDeps {
  readonly writeFile: WriteFile;
  readonly holdsContent: HoldsContent;
}

/** A file of a batch: its last message, and the place of its first. */
interface Replaced {
  readonly from: number;
  last: Incoming;
}

/** What a note says of a file; one of version 0.1 does not say from which message on it is meant. */
interface Noted extends KnownContent {
  readonly from?: number;
}

async function replaceAll(
  batch: readonly Incoming[],
  writeFile: WriteFile,
  intend: Intend,
): Promise<Outcome[]> {
  const targets = batch.map(({ message }) => targetFile(message));
  const files = filesOf(batch, targets);
  const note = JSON.stringify([...files].map(([path, file]) => contentOf(path, file)));
  if (files.size > 0) await intend(note);
  const written = await Promise.allSettled(
    [...files].map(async ([path, { last }]): Promise<[string, Outcome]> => {
      return [path, await writeFile({ path, data: last.message.data ?? [] })];
    }),
  );
  const outcomes = new Map<string, Outcome>();
  const failed = written.find((result) => result.status === 'rejected');
  if (failed) {
    // Where the others are written the note goes with the word of that: until then it tells a crash which are.
    if (files.size === 1) intend.forget(note);
    throw failed.reason;
  }
  for (const result of written) if (result.status === 'fulfilled') outcomes.set(...result.value);
  return targets.map((target) =>
    'path' in target ? outcomes.get(target.path)! : { ok: false, reason: target.fault },
  );
}

function filesOf(
  batch: readonly Incoming[],
  targets: readonly ReturnType<typeof targetFile>[],
): Map<string, Replaced> {
  const files = new Map<string, Replaced>();
  for (const [from, target] of targets.entries()) {
    if (!('path' in target)) continue;
    const last = batch[from]!;
    const known = files.get(target.path);
    if (known) known.last = last;
    else files.set(target.path, { from, last });
  }
  return files;
}

function contentOf(path: string, { from, last }: Replaced): Noted {
  const data = last.message.data ?? [];
  const bytes = data.reduce((sum, { length }) => sum + length, 0);
  return { path, bytes, sum: checksumOf(data), from };
}

/** How many of the first messages are done: their files hold what they, or later ones of the batch, say. */
async function countDone(note: string, holdsContent: HoldsContent): Promise<number> {
  let done = Number.POSITIVE_INFINITY;
  for (const content of JSON.parse(note) as Noted[])
    if (!(await holdsContent(content))) done = Math.min(done, content.from ?? 0);
  return done;
}
