import { systemFault } from '../lib/system-fault.ts';
import { required } from './arguments.ts';
import type { EffectMethod } from './method.ts';

export interface ConsoleDeps {
  /** Writes to the node's standard output; resolves when it is written. */
  readonly stdout: (bytes: Uint8Array) => Promise<void>;
}

/**
 * REQToConsole (EventACK): prints data on the standard output of the node, byte for byte and in order.
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
    args: [required('data', 'text', 'What is printed, byte for byte; end lines with \\n', 'hello\n')],
    apply: async (batch) => {
      try {
        const data = batch.flatMap(({ message }) => message.data ?? []);
        if (data.length > 0) await stdout(Buffer.concat(data));
        return batch.map(() => ({ ok: true }));
      } catch (error) {
        const reason = `the standard output can't be written: ${systemFault(error)}`;
        return batch.map(() => ({ ok: false, reason }));
      }
    },
  };
}
