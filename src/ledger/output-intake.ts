import type { OutputPiece } from '../message/output.ts';
import type { ReportEntry } from '../message/report.ts';
import type { SqlValue, Statement, Store } from '../store/store.ts';
import { STREAM_NUMBER } from './kept-output.ts';

/** A piece of output that was not known before. */
export interface NewPiece extends OutputPiece {
  readonly id: string;
}

const SMALLEST_ROW = 1024;
const LARGEST_ROW = 64 * 1024;

/**
 * Gathers the output in some reports, each byte once. Of a stream that is longer than `maxBytes`, the first half of that
 * is kept and the last half; the latter in whole rows, so that it may be a little more.
 */
export class OutputIntake {
  readonly #store: Pick<Store, 'get'>;
  readonly #maxBytes: number;
  readonly #half: number;
  readonly #rows: SqlValue[][] = [];
  readonly #drops: SqlValue[][] = [];
  /** How far the streams are known that these reports tell of. */
  readonly #ends = new Map<string, number>();
  readonly #pieces: NewPiece[] = [];

  constructor(store: Pick<Store, 'get'>, maxBytes: number) {
    this.#store = store;
    this.#maxBytes = maxBytes;
    this.#half = Math.floor(maxBytes / 2);
  }

  /** What was not known before, in order. */
  get pieces(): readonly NewPiece[] {
    return this.#pieces;
  }

  /** Takes what an entry tells of output; what is known already is left out. `isFirst`: nothing came before it of its request. */
  add(entry: ReportEntry, isFirst: boolean): void {
    const { id, output = [], stdout, stdoutFrom = 0, stderrTail, stderrBytes } = entry;
    if (isFirst)
      for (const key of Object.values(STREAM_NUMBER).map((number) => `${number} ${id}`))
        if (!this.#ends.has(key)) this.#ends.set(key, 0);
    for (const piece of output) this.#add({ id, ...piece }, true);
    if (stdout) this.#add({ id, stream: 'stdout', offset: stdoutFrom, data: stdout }, true);
    // Where both streams are one (0), the tail tells nothing new. Otherwise it is in the ledger's row, and completes here
    // what was told while the command ran.
    if (!stderrTail || stderrBytes === 0) return;
    const offset = Math.max(0, (stderrBytes ?? 0) - stderrTail.length);
    const isKept = this.#endOf(id, STREAM_NUMBER.stderr) > 0;
    this.#add({ id, stream: 'stderr', offset, data: stderrTail }, isKept);
  }

  /** Statements that write it down. */
  statements(): Statement[] {
    const insert = 'INSERT OR IGNORE INTO outputs (id, stream, offset, data) VALUES (?, ?, ?, ?)';
    const drop = `DELETE FROM outputs
      WHERE id = ? AND stream = ? AND offset >= ? AND offset < ? AND offset + length(data) <= ?`;
    return [
      { sql: insert, rows: this.#rows },
      { sql: drop, rows: this.#drops },
    ].filter(({ rows }) => rows.length > 0);
  }

  #add({ id, stream, offset, data }: NewPiece, isKept: boolean): void {
    const number = STREAM_NUMBER[stream];
    const known = this.#endOf(id, number);
    const end = offset + data.length;
    if (end <= known) return;
    const start = Math.max(offset, known);
    const fresh = data.subarray(start - offset);
    this.#ends.set(`${number} ${id}`, end);
    this.#pieces.push({ id, stream, offset: start, data: fresh });
    if (isKept) this.#keep([id, number], start, fresh);
  }

  #keep(place: readonly [id: string, stream: number], start: number, data: Uint8Array): void {
    const half = this.#half;
    const rowBytes = Math.min(Math.max(SMALLEST_ROW, Math.floor(half / 8)), LARGEST_ROW);
    for (let at = 0; at < data.length; ) {
      const offset = start + at;
      // No row lies on both sides of what is kept for good.
      const room = offset < half ? half - offset : rowBytes;
      const row = data.subarray(at, at + Math.min(rowBytes, room));
      this.#rows.push([...place, offset, row]);
      at += row.length;
    }
    const end = start + data.length;
    if (end > this.#maxBytes) this.#drops.push([...place, half, end - half, end - half]);
  }

  #endOf(id: string, stream: number): number {
    const known = this.#ends.get(`${stream} ${id}`);
    if (known !== undefined) return known;
    const last = this.#store.get<{ end: number }>(
      'SELECT offset + length(data) AS end FROM outputs WHERE id = ? AND stream = ? ORDER BY offset DESC LIMIT 1',
      ...[id, stream],
    );
    return last?.end ?? 0;
  }
}
