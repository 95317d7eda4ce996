import type { Config } from '../config/config.ts';
import type { Operators } from '../ledger/operators.ts';
import type { FinishedMessage } from '../ledger/reported.ts';
import { decodeMessage } from '../message/codec/decode-message.ts';
import { messageToShortJson } from '../message/input/message-json.ts';
import type { Message } from '../message/message.ts';
import type { AuditEntry, AuditLog } from '../observe/audit-log.ts';
import type { ErrorReporter } from '../observe/error-reports.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Ended } from '../outbox/outbox-deps.ts';

/** How many entries go to the audit log at once. */
const AUDIT_SLICE = 500;
const GIVEN_UP: ReadonlySet<string> = new Set(['rejected', 'expired', 'undelivered', 'lost']);

interface EndRecorderDeps {
  readonly audit: Pick<AuditLog, 'append'>;
  readonly operators: Pick<Operators, 'of' | 'enders'>;
  readonly metrics: Metrics;
  readonly errorReporter: Pick<ErrorReporter, 'report'>;
}

type Finished = Ended | FinishedMessage;

/** Records how messages ended: in the audit log, and by a report where one was given up. */
export class EndRecorder {
  readonly #config: Config;
  readonly #deps: EndRecorderDeps;

  constructor(config: Config, deps: EndRecorderDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  /** Resolves when the audit log has them. */
  async ended(finished: readonly Finished[]): Promise<void> {
    this.#deps.metrics.finished(finished.length);
    for (let start = 0; start < finished.length; start += AUDIT_SLICE) {
      const entries = finished.slice(start, start + AUDIT_SLICE).map(this.#toEntry);
      await this.#deps.audit.append(entries.filter((entry) => entry !== undefined));
    }
  }

  readonly #toEntry = (one: Finished): AuditEntry | undefined => {
    const message = decode(one, this.#config.maxMessageBytes);
    if (message && GIVEN_UP.has(one.state) && !wasComplainedOf(one, message))
      complain(one, message, this.#deps);
    // Reports travel about requests that have entries of their own.
    if (message?.method === 'REQReport') return undefined;
    const { operators } = this.#deps;
    return toEntry(one, message, { by: operators.of(one.id), endedBy: operators.enders.get(one.id) });
  };
}

/** Of a relayed request that was given up, the node complained that had to deliver it. */
function wasComplainedOf(one: Finished, { method }: Message): boolean {
  return 'batch' in one && (method === 'REQRelay' || method === 'REQRelayInitial');
}

function complain(one: Finished, message: Message, deps: EndRecorderDeps): void {
  const about = `toNode: ${message.toNode}, fromNode: ${message.fromNode}, method: ${message.method}: ${one.reason}`;
  deps.errorReporter.report(`${one.state === 'rejected' ? 'error' : 'info'}: ${about}`, message);
  if (one.state === 'undelivered') deps.metrics.ackFailed();
}

function decode({ body, format }: Finished, maxBytes: number): Message | undefined {
  try {
    const { serial, cmp } = format;
    return body ? decodeMessage(body, { serial, cmp, maxBytes }) : undefined;
  } catch {
    return undefined;
  }
}

/** With every field, as engines take long to put objects together of parts: what is not known is left out of the line. */
function toEntry(
  one: Finished,
  message: Message | undefined,
  { by, endedBy }: Pick<AuditEntry, 'by' | 'endedBy'>,
): AuditEntry {
  // What is known of a message only because its target reported it.
  const run = 'there' in one ? one : undefined;
  return {
    id: one.id,
    batch: ('batch' in one && one.batch) || undefined,
    by,
    state: one.state,
    reason: one.reason || undefined,
    endedBy,
    queuedAt: one.queuedAt,
    sentAt: one.sentAt || undefined,
    acceptedAt: one.acceptedAt || undefined,
    startedAt: run?.startedAt || undefined,
    endedAt: one.endedAt,
    there: run && thereOf(run),
    attempts: one.attempts,
    exitCode: run?.exitCode ?? undefined,
    signal: run?.signal || undefined,
    message: message ? messageToShortJson(message) : {},
  };
}

/** The same moments by the clock of the node that ran it. */
function thereOf({ there: { acceptedAt, startedAt, endedAt } }: FinishedMessage): AuditEntry['there'] {
  if (acceptedAt === null && startedAt === null && endedAt === null) return undefined;
  return {
    acceptedAt: acceptedAt ?? undefined,
    startedAt: startedAt ?? undefined,
    endedAt: endedAt ?? undefined,
  };
}
