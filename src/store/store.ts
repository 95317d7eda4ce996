/** The database of a node, as its other parts see it. */
export interface Store extends AsyncDisposable {
  readonly path: string;
  /** Resolves with the fault where the database's file was deleted or replaced: it is not written any more. */
  readonly replaced?: Promise<Error>;
  /** Rejects should the store end by itself: the node cannot go on without it. Never resolves. */
  readonly failed: Promise<never>;
  /**
   * Executes statements as one transaction; resolves when it is on disk. Transactions take effect in the order of
   * the calls. Throws StoreError, and then nothing of the transaction has happened; where the error says that it is in
   * doubt, it may have after the next start.
   */
  write(statements: readonly Statement[]): Promise<void>;
  /**
   * Calls `work` once, as soon as anything is written: what `work` writes then commits with that. The function that comes
   * back calls it off.
   */
  withNext?(work: () => void): () => void;
  /** All rows of a query. Throws StoreError. */
  all<T>(sql: string, ...params: SqlValue[]): T[];
  /** The first row of a query, or undefined. Throws StoreError. */
  get<T>(sql: string, ...params: SqlValue[]): T | undefined;
  /** All rows of a query that may take long: nothing else waits for it. Throws StoreError. */
  query<T>(sql: string, ...params: SqlValue[]): Promise<T[]>;
  /** The rows of several such queries, which see the database at one moment. Throws StoreError. */
  queryAll(queries: readonly Query[]): Promise<readonly unknown[][]>;
}

/** Keys of messages are the number of their lane times this, plus their place: a lane's rows lie side by side. */
export const LANE_SPAN = 2 ** 32;

/** What SQLite stores in a column. Integers stay below 2^53. */
export type SqlValue = number | string | null | Uint8Array;

/** One query with its values. */
export interface Query {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

/** One SQL text, executed once for each row of parameters. */
export interface Statement {
  readonly sql: string;
  readonly rows: readonly (readonly SqlValue[])[];
}

/** A statement that is executed once. */
export function statement(sql: string, ...params: SqlValue[]): Statement {
  return { sql, rows: [params] };
}

/** A transaction in the form in which it crosses to the writer thread: blobs travel in one slab, without copies. */
export interface PackedTransaction {
  readonly id: number;
  readonly statements: readonly { sql: string; width: number; values: (number | string | null)[] }[];
  /** Triples (index over all values, offset, length) of the values that are blobs. */
  readonly blobs: readonly number[];
  readonly slab: Uint8Array;
}

/** Packs statements for the writer thread; `slab.buffer` is to be transferred. */
export function packTransaction(id: number, statements: readonly Statement[]): PackedTransaction {
  const slab = new Uint8Array(slabBytes(statements));
  const blobs: number[] = [];
  let offset = 0;
  let index = 0;
  const packed: PackedTransaction['statements'][number][] = [];
  for (const { sql, rows } of statements) {
    const values: (number | string | null)[] = [];
    for (const row of rows) {
      for (const value of row) {
        if (value instanceof Uint8Array) {
          slab.set(value, offset);
          blobs.push(index, offset, value.length);
          offset += value.length;
          values.push(null);
        } else {
          values.push(value);
        }
        index++;
      }
    }
    packed.push({ sql, width: rows[0]?.length ?? 0, values });
  }
  return { id, statements: packed, blobs, slab };
}

/** Executes a packed transaction's rows through `run(sql, params)`, in order. */
export function unpackTransaction(
  packed: PackedTransaction,
  run: (sql: string, params: SqlValue[]) => void,
): void {
  const { blobs, slab } = packed;
  let index = 0;
  let nextBlob = 0;
  for (const { sql, width, values } of packed.statements) {
    if (width === 0) run(sql, []);
    for (let start = 0; start < values.length; start += width) {
      const params: SqlValue[] = values.slice(start, start + width);
      for (; nextBlob < blobs.length && blobs[nextBlob]! < index + width; nextBlob += 3) {
        const from = blobs[nextBlob + 1]!;
        params[blobs[nextBlob]! - index] = slab.subarray(from, from + blobs[nextBlob + 2]!);
      }
      index += width;
      run(sql, params);
    }
  }
}

function slabBytes(statements: readonly Statement[]): number {
  let bytes = 0;
  for (const { rows } of statements) {
    for (const row of rows) {
      for (const value of row) if (value instanceof Uint8Array) bytes += value.length;
    }
  }
  return bytes;
}
