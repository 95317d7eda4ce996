import type { FinishedMessage } from '../ledger/reported.ts';
import { decodeMessage } from '../message/decode-message.ts';
import type { Message } from '../message/message.ts';
import { messageToShortJson } from '../message/message-json.ts';
import type { AuditEntry, AuditLog } from '../observe/audit-log.ts';
import type { ErrorReporter } from '../observe/error-reports.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Ended } from '../outbox/outbox-deps.ts';

/** How many entries go to the audit log at once. */
const AUDIT_SLICE = 500;
const GIVEN_UP: ReadonlySet<string> = new Set(['rejected', 'expired', 'undelivered']);

export interface OutcomesDeps {
  readonly audit: AuditLog;
  readonly metrics: Metrics;
  readonly reporter: ErrorReporter;
  readonly maxMessageBytes: number;
}

type Finished = Ended | FinishedMessage;

/** Makes the function that is told how messages ended: it writes the audit log, and reports what was given up. */
export function createOutcomes(deps: OutcomesDeps): (finished: readonly Finished[]) => Promise<void> {
  return async (finished) => {
    deps.metrics.finished(finished.length);
    for (let start = 0; start < finished.length; start += AUDIT_SLICE) {
      const entries = finished.slice(start, start + AUDIT_SLICE).flatMap((one) => {
        const message = decode(one, deps.maxMessageBytes);
        if (message && GIVEN_UP.has(one.state) && !wasComplainedOf(one, message))
          complain(one, message, deps);
        // Reports travel about requests that have entries of their own.
        return message?.method === 'REQReport' ? [] : [toEntry(one, message)];
      });
      await deps.audit.append(entries);
    }
  };
}

/** Of a relayed request that was given up, the node complained that had to deliver it. */
function wasComplainedOf(one: Finished, { method }: Message): boolean {
  return 'batch' in one && (method === 'REQRelay' || method === 'REQRelayInitial');
}

function complain(one: Finished, message: Message, deps: OutcomesDeps): void {
  const about = `toNode: ${message.toNode}, fromNode: ${message.fromNode}, method: ${message.method}: ${one.reason}`;
  if (one.state === 'rejected') deps.reporter.error(`error: ${about}`, message);
  else deps.reporter.info(`info: ${about}`, message);
  if (one.state === 'undelivered') deps.metrics.ackFailed();
}

function decode({ body, format }: Finished, maxBytes: number): Message | undefined {
  try {
    return body ? decodeMessage(body, { ...format, maxBytes }) : undefined;
  } catch {
    return undefined;
  }
}

function toEntry(one: Finished, message: Message | undefined): AuditEntry {
  return {
    id: one.id,
    state: one.state,
    queuedAt: one.queuedAt,
    endedAt: one.endedAt,
    attempts: one.attempts,
    message: message ? messageToShortJson(message) : {},
    ...('batch' in one && one.batch ? { batch: one.batch } : {}),
    ...(one.reason ? { reason: one.reason } : {}),
    ...(one.sentAt ? { sentAt: one.sentAt } : {}),
    ...(one.acceptedAt ? { acceptedAt: one.acceptedAt } : {}),
    ...('there' in one ? runOf(one) : {}),
  };
}

/** What is known of a message only because its target reported it. */
function runOf(one: FinishedMessage): Partial<AuditEntry> {
  return {
    ...(one.startedAt ? { startedAt: one.startedAt } : {}),
    ...thereOf(one),
    ...(one.exitCode !== null ? { exitCode: one.exitCode } : {}),
    ...(one.signal ? { signal: one.signal } : {}),
  };
}

/** The same moments by the clock of the node that ran it. */
function thereOf({ there: { acceptedAt, startedAt, endedAt } }: FinishedMessage): Partial<AuditEntry> {
  const times = {
    ...(acceptedAt === null ? {} : { acceptedAt }),
    ...(startedAt === null ? {} : { startedAt }),
    ...(endedAt === null ? {} : { endedAt }),
  };
  return Object.keys(times).length > 0 ? { there: times } : {};
}
