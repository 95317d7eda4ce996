import { wholeMs } from '../lib/whole-ms.ts';
import { formatNumber } from '../message/codec/body-format.ts';
import type { QueuedRow } from '../message/sent-request.ts';
import { ENDLESS } from '../store/endless.ts';
import type { SqlValue, Statement } from '../store/store.ts';
import type { LaneQueue } from './lane/lane-queue.ts';
import { newEntry } from './lane/lane-rows.ts';
import type { Entry } from './lane/lane-window.ts';
import type { LedgerStatements, OutgoingMessage } from './outbox-deps.ts';

const INSERT = `INSERT INTO outbox
  (key, id, queued_at, expires_at, budget_at, ack_timeout, format, body, schedule, output, re, priority, supersedes)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** When messages are queued: by the kept clock, by the wall clock, and by the one that counts connected time. */
interface Times {
  readonly now: number;
  readonly at: number;
  readonly connectedMs: number;
}

/** The rows of messages that are being queued, each with a place in its lane. */
export class QueuedRows {
  readonly #times: Times;
  readonly #outbox: SqlValue[][] = [];
  readonly #ledger: QueuedRow[] = [];
  /** What they have of output, bytes, and whether all of them may wait for others. */
  outputBytes = 0;
  mayWait = true;

  constructor(times: Times) {
    this.#times = times;
  }

  /** Gives a message the next place of its lane. */
  add(message: OutgoingMessage, queue: LaneQueue): Entry {
    const { now, at, connectedMs } = this.#times;
    const seq = queue.allocate();
    const key = queue.key(seq);
    const { id, budgetMs, body, schedule = null, output = null, re = null } = message;
    const { priority = null, supersedes = null } = message;
    const expiresAt = endOf(message, now);
    const budgetAt = budgetMs === undefined ? null : wholeMs(connectedMs + budgetMs);
    const ackTimeoutMs = wholeMs(message.ackTimeoutMs);
    const format = formatNumber(message.format);
    if (message.isOutput) this.outputBytes += body.length;
    this.mayWait &&= message.mayWait === true;
    const place = [key, id, now, expiresAt, budgetAt, ackTimeoutMs, format, body];
    place.push(schedule, output, re, priority, supersedes);
    this.#outbox.push(place);
    this.#ledger.push([key, id, message.batch, at, message.replyDigest ?? null]);
    return newEntry({
      seq,
      id,
      queuedAt: now,
      expiresAt,
      ackTimeoutMs,
      format,
      size: body.length,
      isUntried: true,
      schedule,
      output,
      re,
      priority,
      supersedes,
      rider: message.rider,
      told: message.told,
      isOwn: message.batch === null,
    });
  }

  /** Statements that enter them. */
  statements(ledger: Pick<LedgerStatements, 'queued'>): Statement[] {
    return [{ sql: INSERT, rows: this.#outbox }, ledger.queued(this.#ledger)];
  }
}

function endOf({ isOutput, expiresInMs }: OutgoingMessage, now: number): number | null {
  if (isOutput) return ENDLESS;
  return expiresInMs === undefined ? null : Math.min(wholeMs(now + expiresInMs), ENDLESS - 1);
}
