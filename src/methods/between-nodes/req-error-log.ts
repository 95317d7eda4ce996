import type { Rotation } from '../../lib/set-aside.ts';
import { visibleText } from '../../lib/visible.ts';
import type { Message } from '../../message/message.ts';
import type { Incoming } from '../../message/method-contract.ts';
import type { AppendFiles } from '../files/append-files.ts';
import { targetFault } from '../files/target-file.ts';
import type { EffectMethod } from '../method.ts';

const DEFAULTS = { directory: 'errorLog', fileName: 'error.log' };

export interface ErrorLogOptions {
  /** When the error log is set aside as `error.log.1`, and how many of those are kept; never where it is missing. */
  readonly rotation?: Rotation | undefined;
}

export interface ErrorLogDeps {
  readonly appendFiles: AppendFiles;
  /** Hears which messages were written. */
  readonly fleet: { errorsReceived(messages: readonly Message[]): void };
}

/**
 * REQErrorLog (EventACK): collects what nodes report, errors and notices, in one file.
 *
 * Sent by nodes to the node name `errorCentral`, with directory `errorLog` and fileName `error.log` (also where
 * they are left out): `<data>/errorLog/errorCentral/error.log`. Appended as by REQToFileAppend.
 */
export function createReqErrorLog(
  { rotation }: ErrorLogOptions,
  { appendFiles, fleet }: ErrorLogDeps,
): EffectMethod {
  const target = { ...DEFAULTS, rotation };
  return {
    name: 'REQErrorLog',
    kind: 'EventACK',
    mode: 'effect',
    summary: 'Collects the errors that nodes report.',
    args: [],
    isForPeople: false,
    check: (message) => targetFault(message, DEFAULTS),
    apply: async (given, intend) => {
      const batch = given.map(withVisibleData);
      const outcomes = await appendFiles.append(batch, intend, target);
      fleet.errorsReceived(batch.filter((_, index) => outcomes[index]?.ok).map(({ message }) => message));
      return outcomes;
    },
    recover: appendFiles.recover,
  };
}

/** What nodes say is read on terminals: nothing in it may do more than be read. */
function withVisibleData(incoming: Incoming): Incoming {
  const data = incoming.message.data?.map((item) => Buffer.from(visibleText(Buffer.from(item).toString())));
  return data === undefined ? incoming : { ...incoming, message: { ...incoming.message, data } };
}
