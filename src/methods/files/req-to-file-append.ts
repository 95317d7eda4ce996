import type { Incoming, Outcome } from '../../message/method-contract.ts';
import { type EffectMethod, FILE_ARGUMENTS } from '../method.ts';
import type { AppendFiles } from './append-files.ts';
import { targetFault } from './target-file.ts';

export interface ToFileAppendDeps {
  readonly appendFiles: AppendFiles;
  /** Takes replies that are the output of what somebody follows here; those go into no file. */
  readonly outputReplies?: { take(reply: Incoming): Promise<boolean> };
}

const DONE: Outcome = { ok: true };

/**
 * REQToFileAppend (EventACK), the reply method where none is given: appends data to a file.
 *
 * Fields: directory and fileName, see `targetFile`. The items of `data` are appended as they are, one after the
 * other; nothing is put between or behind them. The file and its folders are made where they are missing, with
 * the modes that fileMode says. Answered when the bytes are on disk. A file that can't be written is refused with the system's
 * reason; no space and the like make the sender try again.
 */
export function createReqToFileAppend({ appendFiles, outputReplies }: ToFileAppendDeps): EffectMethod {
  return {
    name: 'REQToFileAppend',
    kind: 'EventACK',
    mode: 'effect',
    summary: 'Appends data to a file in the data folder.',
    args: FILE_ARGUMENTS,
    check: targetFault,
    apply: async (batch, intend) => {
      const isOutput: boolean[] = [];
      for (const one of batch) isOutput.push((await outputReplies?.take(one)) === true);
      const rest = batch.filter((_, index) => !isOutput[index]);
      const outcomes = rest.length === 0 ? [] : await appendFiles.append(rest, intend);
      return isOutput.map((taken) => (taken ? DONE : outcomes.shift()!));
    },
    recover: appendFiles.recover,
  };
}
