import { systemFault } from '../../lib/system-fault.ts';
import { type EffectMethod, required } from '../method.ts';

export interface ConsoleDeps {
  /** Writes to the node's standard output; resolves when it is written. */
  readonly stdout: (bytes: Uint8Array) => Promise<void>;
}

const NEWLINE = Buffer.from('\n');

/**
 * REQToConsole (EventACK): prints data on the standard output of the node, byte for byte and in order, and behind
 * each message a newline, as the reference does.
 *
 * No reply. Refused where nobody reads the output any more. After a crash the last lines may be printed again:
 * a terminal can't be asked what it has shown.
 */
export function createReqToConsole({ stdout }: ConsoleDeps): EffectMethod {
  return {
    name: 'REQToConsole',
    kind: 'EventACK',
    mode: 'effect',
    summary: "Prints data on the node's standard output.",
    args: [required('data', 'text', 'What is printed, byte for byte, with a newline behind it', 'hello')],
    apply: async (batch) => {
      try {
        const data = batch.flatMap(({ message }) => [...(message.data ?? []), NEWLINE]);
        await stdout(Buffer.concat(data));
        return batch.map(() => ({ ok: true }));
      } catch (error) {
        const reason = `the standard output can't be written: ${systemFault(error)}`;
        return batch.map(() => ({ ok: false, reason }));
      }
    },
  };
}
