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
      const entries = finished.slice(start, start + AUDIT_SLICE).flatMap(this.#toEntries);
      await this.#deps.audit.append(entries);
    }
  }

  readonly #toEntries = (one: Finished): AuditEntry[] => {
    const message = decode(one, this.#config.maxMessageBytes);
    if (message && GIVEN_UP.has(one.state) && !wasComplainedOf(one, message))
      complain(one, message, this.#deps);
    // Reports travel about requests that have entries of their own.
    if (message?.method === 'REQReport') return [];
    const by = this.#deps.operators.of(one.id);
    const endedBy = this.#deps.operators.enders.get(one.id);
    const who = { ...(by === undefined ? {} : { by }), ...(endedBy === undefined ? {} : { endedBy }) };
    return [{ ...toEntry(one, message), ...who }];
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
