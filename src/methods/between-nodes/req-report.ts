import type { Incoming, Outcome } from '../../message/method-contract.ts';
import { decodeReport } from '../../message/report.ts';
import type { EffectMethod } from '../method.ts';

const MAX_FAULTS = 3;

/**
 * REQReport (EventACK, between nodes of this program only): how requests fare at the node that runs them.
 *
 * Data: one item, JSON, `{"ends": [{id, state, reason, exitCode, signal, stderrTail (base64), stderrBytes, stdout (base64),
 * stdoutFrom, outputBytes, output: [{stream, offset, data (base64)}], acceptedAt, startedAt, endedAt}]}`; only id and
 * state are required. No reply. Entries that make no sense are
 * refused with their number and what is wrong; the others of the same report count.
 */
export function createReqReport(): EffectMethod {
  return {
    name: 'REQReport',
    kind: 'EventACK',
    mode: 'effect',
    summary: 'Takes in how requests ended at another node.',
    args: [],
    isForPeople: false,
    check: (message) =>
      message.data?.length === 1 ? undefined : 'data must be one item: the report as JSON',
    apply: async (batch) => batch.map(read),
  };
}

function read({ message: { data } }: Incoming): Outcome {
  const { ends, faults } = decodeReport(data?.[0] ?? new Uint8Array(0));
  if (faults.length === 0) return { ok: true, ends };
  const more = faults.length > MAX_FAULTS ? `; and ${faults.length - MAX_FAULTS} more` : '';
  return { ok: false, reason: faults.slice(0, MAX_FAULTS).join('; ') + more, ends };
}
