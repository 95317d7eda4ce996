import type { Message } from '../message/message.ts';
import { senderOf } from '../message/sender-of.ts';
import { type Statement, statement } from '../store/statement.ts';
import { insertRefused, type JournalRow } from './rows.ts';

/** A lane as the journal keeps it: the next place that it takes. */
export interface LaneState {
  readonly id: number;
  /** The sender's epoch; `-<node>` for a node that does not speak lanes. */
  readonly epoch: string;
  readonly subject: string;
  readonly fromNode: string;
  next: number;
  /** The highest id that was taken: ids are UUIDv7, so a later message has a higher one. */
  lastId: string;
}

/** A message in its turn. Exactly one of `message` alone, or `fault`, decides. */
export interface Item {
  /** 0 where the sender does not speak lanes. */
  readonly seq: number;
  readonly id: string;
  /** Where the sender waits; the newest question counts. */
  reply: string;
  readonly notAfter: number | null;
  readonly format: number;
  /** When it is to run again and again, as JSON. */
  readonly schedule: string | null;
  /** What its sender wants of its output; null for the usual. */
  readonly output: string | null;
  readonly payload: Uint8Array;
  readonly message: Message | undefined;
  readonly fault: string | undefined;
}

/** What is decided about a message. */
export type Verdict = { status: 'accepted' } | { status: 'rejected' | 'expired'; reason: string };

/** What the database is told of one receiving lane. */
export class LaneRecord {
  readonly #state: LaneState;
  readonly #deps: { now: () => number; allocateRow(): number };

  constructor(state: LaneState, deps: { now: () => number; allocateRow(): number }) {
    this.#state = state;
    this.#deps = deps;
  }

  /** Statement that enters the lane, or moves the place that it takes next. */
  saveLane(next: number): Statement {
    const { id, epoch, subject, fromNode, lastId } = this.#state;
    return statement(
      `INSERT INTO journal_lanes (id, epoch, subject, from_node, next, used_at, last_id) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET next = max(next, excluded.next), used_at = excluded.used_at, last_id = excluded.last_id`,
      ...[id, epoch, subject, fromNode, next, this.#deps.now(), lastId],
    );
  }

  /** Statement that notes an effect before it begins. */
  intent(method: string, batch: readonly Item[], note: string): Statement {
    return statement(
      'INSERT OR REPLACE INTO intents (lane, first, last, method, note) VALUES (?, ?, ?, ?, ?)',
      ...[this.#state.id, batch[0]!.seq, batch.at(-1)!.seq, method, note],
    );
  }

  /** Statement that forgets the effect: it is done, or undone. */
  forgetIntent(): Statement {
    return statement('DELETE FROM intents WHERE lane = ?', this.#state.id);
  }

  /** Statements that enter what was refused, apart from what `written` names. */
  refused(verdicts: ReadonlyMap<Item, Verdict>, written?: ReadonlySet<Item>): Statement[] {
    const rows = [...verdicts].flatMap(([item, verdict]) => {
      if (verdict.status === 'accepted' || item.seq === 0 || written?.has(item)) return [];
      return [{ ...this.rowOf(item), state: verdict.status, reason: verdict.reason }];
    });
    return rows.length > 0 ? [insertRefused(rows)] : [];
  }

  /** A message as a journal row, under a number of its own. */
  rowOf(item: Item): JournalRow {
    return {
      row: this.#deps.allocateRow(),
      lane: item.seq === 0 ? null : this.#state.id,
      seq: item.seq === 0 ? null : item.seq,
      id: item.id,
      fromNode: item.message ? senderOf(item.message) : this.#state.fromNode,
      subject: this.#state.subject,
      notAfter: item.notAfter,
      acceptedAt: this.#deps.now(),
      format: item.format,
      body: item.payload,
      schedule: item.schedule,
      output: item.output,
    };
  }
}
