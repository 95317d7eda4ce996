import type { Message } from '../message/message.ts';
import type { AppendFiles } from './append-files.ts';
import type { EffectMethod } from './method.ts';
import { targetFault } from './target-file.ts';

const DEFAULTS = { directory: 'errorLog', fileName: 'error.log' };

export interface ErrorLogDeps {
  readonly appendFiles: AppendFiles;
  /** Told which messages were written. */
  readonly onErrorLog: (messages: readonly Message[]) => void;
}

/**
 * REQErrorLog (EventACK): collects what nodes report, errors and notices, in one file.
 *
 * Sent by nodes to the node name `errorCentral`, with directory `errorLog` and fileName `error.log` (also where
 * they are left out): `<data>/errorLog/errorCentral/error.log`. Appended as by REQToFileAppend.
 */
export function createReqErrorLog({ appendFiles, onErrorLog }: ErrorLogDeps): EffectMethod {
  return {
    name: 'REQErrorLog',
    kind: 'EventACK',
    mode: 'effect',
    summary: 'Collects the errors that nodes report.',
    args: [],
    isForPeople: false,
    check: (message) => targetFault(message, DEFAULTS),
    apply: async (batch, intend) => {
      const outcomes = await appendFiles.append(batch, intend, DEFAULTS);
      onErrorLog(batch.filter((_, index) => outcomes[index]?.ok).map(({ message }) => message));
      return outcomes;
    },
    recover: (note) => appendFiles.recover(note),
  };
}
