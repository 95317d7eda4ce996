import { batchStatements } from '../../src/ledger/batch-rows.ts';
import { firstIdAt } from '../../src/ledger/request-row.ts';
import { LANE_SPAN, type SqlValue, type Statement, type Store } from '../../src/store/store.ts';

interface RowOptions {
  readonly node?: string;
  readonly method?: string;
  readonly state?: string;
  /** Null for a message of the node's own. */
  readonly batch?: string | null;
  readonly more?: Readonly<Record<string, SqlValue>>;
}

/** Writes rows into lanes, outbox and ledger as the outbox would; each is a millisecond younger than the one before. */
export class LedgerRows {
  readonly #store: Store;
  readonly #lanes = new Map<string, { id: number; seq: number }>();
  readonly #batches = new Set<string>();
  #at = 1_800_000_000_000;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The time of the row that comes next, ms. */
  get nextAt(): number {
    return this.#at + 1;
  }

  /** Adds a row, and returns its id. */
  async add(options: RowOptions = {}): Promise<string> {
    const [id] = await this.addAll([options]);
    return id!;
  }

  /** Adds rows; those of one batch are one submission. */
  async addAll(rows: readonly RowOptions[]): Promise<string[]> {
    const statements: Statement[] = [];
    const ids = rows.map((row) => this.#add(row, statements));
    const batches = Map.groupBy(
      ids.map((id, index) => ({ id, batch: batchOf(rows[index]!) })),
      ({ batch }) => batch,
    );
    for (const [batch, members] of batches) {
      if (!batch) continue;
      const [firstId, lastId] = [members[0]!.id, members.at(-1)!.id];
      const part = { batch, label: '', firstId, lastId, count: members.length, at: this.#at };
      const submission = this.#batches.has(batch) ? firstId : undefined;
      this.#batches.add(batch);
      statements.push(...batchStatements({ ...part, submission }));
    }
    await this.#store.write(statements);
    return ids;
  }

  #add(row: RowOptions, statements: Statement[]): string {
    const { node = 'ship1', method = 'REQCliCommand', state = 'succeeded', more = {} } = row;
    const batch = batchOf(row);
    const lane = this.#laneTo(`${node}.${method}.CommandACK`, statements);
    const key = lane.id * LANE_SPAN + ++lane.seq;
    const id = `${firstIdAt(++this.#at)}-7000-8000-000000000000`;
    const isEnded = !['queued', 'sent', 'accepted', 'running'].includes(state);
    const columns: Record<string, SqlValue> = {
      ...{ key, id, batch, state, queued_at: this.#at, ended_at: isEnded ? this.#at : null },
      ...more,
    };
    const names = Object.keys(columns);
    const sql = `INSERT INTO ledger (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
    statements.push({ sql, rows: [Object.values(columns)] });
    statements.push({ sql: 'UPDATE lanes SET next_seq = ? WHERE id = ?', rows: [[lane.seq + 1, lane.id]] });
    if (state !== 'queued' && state !== 'sent') return id;
    statements.push({
      sql: `INSERT INTO outbox (key, id, queued_at, ack_timeout, format, body) VALUES (?, ?, ?, 5000, 0, x'')`,
      rows: [[key, id, this.#at]],
    });
    return id;
  }

  #laneTo(subject: string, statements: Statement[]): { id: number; seq: number } {
    const known = this.#lanes.get(subject);
    if (known) return known;
    const lane = { id: this.#lanes.size + 1, seq: 0 };
    this.#lanes.set(subject, lane);
    statements.push({
      sql: 'INSERT INTO lanes (id, subject, epoch, next_seq) VALUES (?, ?, ?, 1)',
      rows: [[lane.id, subject, `epoch${lane.id}`]],
    });
    return lane;
  }
}

function batchOf({ batch = 'b' }: RowOptions): string | null {
  return batch;
}
