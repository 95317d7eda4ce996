import type { Clock } from '../../lib/clock.ts';
import type { Message } from '../../message/message.ts';
import type { Priority } from '../../message/priority.ts';
import type { readTold } from '../../message/told-output.ts';
import { type Statement, statement } from '../../store/store.ts';
import { insertRefused, type JournalRow } from '../journal-table.ts';

/** A lane as the journal keeps it: the next place that it takes. */
export interface LaneState {
  readonly id: number;
  /** The sender's epoch; `-` for all nodes that do not speak lanes. */
  readonly epoch: string;
  readonly subject: string;
  /** Who sends in it; '' until its first message tells, and where several do. */
  fromNode: string;
  next: number;
  /** The highest id that was taken: ids are UUIDv7, so a later message has a higher one. */
  lastId: string;
}

/** A message in its turn. Exactly one of `message` alone, or `fault`, decides. */
export interface LaneMessage {
  /** 0 where the sender does not speak lanes. */
  readonly seq: number;
  readonly id: string;
  /** By what it is known where the node ends while it has it in hand. */
  readonly perilId: string;
  /** Where the sender waits; the newest question counts. */
  reply: string;
  /** Whether another message follows right behind, so that the answer may wait for it. */
  readonly isFollowed?: boolean;
  readonly expiresAt: number | null;
  /** Whether its sender cancelled it, and only wants to know what became of it. */
  readonly isCalledOff: boolean;
  format: number;
  /** When it is to run again and again, as JSON. */
  readonly schedule: string | null;
  /** What its sender wants of its output; null for the usual. */
  readonly output: string | null;
  /** What its sender wants it, and the reply to it, to go before; null for the usual. */
  readonly priority: Priority | null;
  /** The key of which only its sender's newest request counts; null where there is none. */
  readonly supersedes: string | null;
  /** How a request of this node's own ended that this is the reply to, as a header has it. */
  readonly end: string | null;
  /** What this node was told of it and is to stand before its data; undefined where it came whole. */
  readonly told: ReturnType<typeof readTold>;
  /** Whether that is not here: then the whole is to come. */
  lacks: boolean;
  payload: Uint8Array;
  /** The two headers that say how the payload is written, as they came. */
  readonly written: { readonly serial: string; readonly cmp: string };
  /** The node that the broker proves as its sender, and the request that it is the reply to, where that is said. */
  readonly proved: string | undefined;
  readonly re: string | undefined;
  /** Whom this node takes for its sender, once it is opened; '' where that is nobody. */
  sender: string;
  /** Known once it is opened, unless a fault was known before. */
  message: Message | undefined;
  fault: string | undefined;
}

/** What is decided about a message. */
export type Verdict = { status: 'accepted' } | { status: 'rejected' | 'expired'; reason: string };

interface LaneRecordDeps {
  readonly clock: Clock;
  allocateRow(): number;
}

/** What a message takes while it waits besides what it brings, bytes. */
const MESSAGE_BYTES = 1000;

/** What a message takes while it waits, bytes: its headers may be longer than its payload. */
export function waitingBytes({ payload, reply, end, schedule }: LaneMessage): number {
  return MESSAGE_BYTES + payload.length + reply.length + (end?.length ?? 0) + (schedule?.length ?? 0);
}

/** What is written to the database about one receiving lane. */
export class LaneRecord {
  readonly #state: LaneState;
  readonly #deps: LaneRecordDeps;

  constructor(state: LaneState, deps: LaneRecordDeps) {
    this.#state = state;
    this.#deps = deps;
  }

  /** Names the place of a message for this node alone; undefined where it has none. */
  placeOf({ seq }: LaneMessage): string | undefined {
    return seq > 0 ? `${this.#state.id}/${seq}` : undefined;
  }

  /** Statement that enters the lane, or moves the place that it takes next. */
  saveLane(next: number): Statement {
    const { id, epoch, subject, fromNode, lastId } = this.#state;
    return statement(
      `INSERT INTO journal_lanes (id, epoch, subject, from_node, next, used_at, last_id) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET next = max(next, excluded.next), used_at = excluded.used_at, last_id = excluded.last_id`,
      ...[id, epoch, subject, fromNode, next, this.#deps.clock.wallNow(), lastId],
    );
  }

  /** Statement that notes an effect before it begins. */
  intent(method: string, batch: readonly LaneMessage[], note: string): Statement {
    return statement(
      'INSERT OR REPLACE INTO intents (lane, first, last, method, note) VALUES (?, ?, ?, ?, ?)',
      ...[this.#state.id, batch[0]!.seq, batch.at(-1)!.seq, method, note],
    );
  }

  /** Statement that forgets the effect with this note: it is done, or undone. */
  withdrawIntent(note: string): Statement {
    return statement('DELETE FROM intents WHERE lane = ? AND note = ?', this.#state.id, note);
  }

  /** Statements that enter what was refused, apart from what `written` names. */
  refused(verdicts: ReadonlyMap<LaneMessage, Verdict>, written?: ReadonlySet<LaneMessage>): Statement[] {
    const rows = [...verdicts].flatMap(([item, verdict]) => {
      if (verdict.status === 'accepted' || item.seq === 0 || written?.has(item)) return [];
      return [{ ...this.rowOf(item), state: verdict.status, reason: verdict.reason }];
    });
    return rows.length > 0 ? [insertRefused(rows)] : [];
  }

  /** A message as a journal row, under a number of its own. */
  readonly rowOf = (item: LaneMessage): JournalRow => {
    return {
      row: this.#deps.allocateRow(),
      lane: item.seq === 0 ? null : this.#state.id,
      seq: item.seq === 0 ? null : item.seq,
      id: item.id,
      fromNode: item.sender || this.#state.fromNode,
      subject: this.#state.subject,
      expiresAt: item.expiresAt,
      acceptedAt: this.#deps.clock.wallNow(),
      format: item.format,
      body: item.payload,
      schedule: item.schedule,
      output: item.output,
      priority: item.priority,
      supersedes: item.supersedes,
    };
  };
}
