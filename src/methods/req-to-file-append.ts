import type { AppendFiles } from './append-files.ts';
import { FILE_ARGUMENTS } from './arguments.ts';
import type { EffectMethod } from './method.ts';
import { targetFault } from './target-file.ts';

/**
 * REQToFileAppend (EventACK), the reply method where none is given: appends data to a file.
 *
 * Fields: directory and fileName, see `targetFile`. The items of `data` are appended as they are, one after the
 * other; nothing is put between or behind them. The file and its folders are made where they are missing (0600
 * and 0700). Answered when the bytes are on disk. A file that can't be written is refused with the system's
 * reason; no space and the like make the sender try again.
 */
export function createReqToFileAppend(deps: { readonly appendFiles: AppendFiles }): EffectMethod {
  const { appendFiles } = deps;
  return {
    name: 'REQToFileAppend',
    kind: 'EventACK',
    mode: 'effect',
    summary: 'Appends data to a file in the data folder.',
    args: FILE_ARGUMENTS,
    check: (message) => targetFault(message),
    apply: (batch, intend) => appendFiles.append(batch, intend),
    recover: (note) => appendFiles.recover(note),
  };
}
