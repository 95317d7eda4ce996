import type { Message } from '../message/message.ts';
import type { Incoming, Outcome } from '../message/method-work.ts';
import { decodeReport, type ReportEntry } from '../message/report.ts';
import type { EffectMethod } from './method.ts';

export interface ReportDeps {
  /** Enters what a node reports into the ledger; resolves when that is durable. May be called twice with the same ends. */
  readonly applyReports: (fromNode: string, ends: readonly ReportEntry[]) => Promise<void>;
}

const MAX_FAULTS = 3;

/**
 * REQReport (EventACK, between nodes of this program only): how requests fare at the node that runs them.
 *
 * Data: one item, JSON, `{"ends": [{id, state, reason, exitCode, signal, stderrTail (base64), stderrBytes, stdout (base64),
 * stdoutFrom, outputBytes, output: [{stream, offset, data (base64)}], acceptedAt, startedAt, endedAt}]}`; only id and
 * state are required. No reply. Entries that make no sense are
 * refused with their number and what is wrong; the others of the same report count.
 */
export function createReqReport({ applyReports }: ReportDeps): EffectMethod {
  return {
    name: 'REQReport',
    kind: 'EventACK',
    mode: 'effect',
    summary: 'Takes in how requests ended at another node.',
    args: [],
    isForPeople: false,
    check: (message) =>
      message.data?.length === 1 ? undefined : 'data must be one item: the report as JSON',
    apply: (batch) => applyBatch(batch, applyReports),
  };
}

async function applyBatch(
  batch: readonly Incoming[],
  applyReports: ReportDeps['applyReports'],
): Promise<Outcome[]> {
  const bySender = new Map<string, ReportEntry[]>();
  const outcomes = batch.map(({ message }) => collect(message, bySender));
  for (const [node, ends] of bySender) await applyReports(node, ends);
  return outcomes;
}

function collect({ fromNode, data }: Message, bySender: Map<string, ReportEntry[]>): Outcome {
  const { ends, faults } = decodeReport(data?.[0] ?? new Uint8Array(0));
  if (ends.length > 0) {
    const known = bySender.get(fromNode);
    if (known) known.push(...ends);
    else bySender.set(fromNode, [...ends]);
  }
  if (faults.length === 0) return { ok: true };
  const more = faults.length > MAX_FAULTS ? `; and ${faults.length - MAX_FAULTS} more` : '';
  return { ok: false, reason: faults.slice(0, MAX_FAULTS).join('; ') + more };
}
