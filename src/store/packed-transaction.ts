import type { SqlValue, Statement } from './store.ts';

/** A transaction in the form in which it crosses to the writer thread: blobs travel in one slab, without copies. */
export interface PackedTransaction {
  readonly id: number;
  readonly statements: readonly { sql: string; width: number; values: (number | string | null)[] }[];
  /** Triples (index over all values, offset, length) of the values that are blobs. */
  readonly blobs: readonly number[];
  readonly slab: Uint8Array;
}

/** Most transactions have no blobs: to make a buffer for each, and to hand it over, is half of what they cost to pack. */
const NO_BLOBS = new Uint8Array(0);

/** Packs statements for the writer thread; `slab.buffer` is to be transferred where it holds something. */
export function packTransaction(id: number, statements: readonly Statement[]): PackedTransaction {
  const slab = slabFor(statements);
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

function slabFor(statements: readonly Statement[]): Uint8Array {
  let bytes = 0;
  for (const { rows } of statements) {
    for (const row of rows) {
      for (const value of row) if (value instanceof Uint8Array) bytes += value.length;
    }
  }
  return bytes === 0 ? NO_BLOBS : new Uint8Array(bytes);
}
