import type { SqlValue, Statement } from './store.ts';

/** Statements that take effect together, or not at all; none is without rows. */
export interface Transaction {
  readonly id: number;
  readonly statements: readonly Statement[];
}

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

/** Packs a transaction for the writer thread; `slab.buffer` is to be transferred where it holds something. */
export function packTransaction({ id, statements }: Transaction): PackedTransaction {
  const bytes: Uint8Array[] = [];
  const blobs: number[] = [];
  let [offset, index] = [0, 0];
  const packed = statements.map(({ sql, rows }) => {
    const values = rows.flat().map((value) => {
      index++;
      if (!(value instanceof Uint8Array)) return value;
      bytes.push(value);
      blobs.push(index - 1, offset, value.length);
      offset += value.length;
      return null;
    });
    return { sql, width: rows[0]!.length, values };
  });
  const slab = offset === 0 ? NO_BLOBS : new Uint8Array(offset);
  for (const [at, blob] of bytes.entries()) slab.set(blob, blobs[3 * at + 1]);
  return { id, statements: packed, blobs, slab };
}

/** What was packed; its blobs lie in the slab. */
export function unpackTransaction({ id, statements, blobs, slab }: PackedTransaction): Transaction {
  let [first, nextBlob] = [0, 0];
  const unpacked = statements.map(({ sql, width, values }) => {
    const filled: SqlValue[] = values;
    for (; nextBlob < blobs.length && blobs[nextBlob]! < first + values.length; nextBlob += 3) {
      const from = blobs[nextBlob + 1]!;
      filled[blobs[nextBlob]! - first] = slab.subarray(from, from + blobs[nextBlob + 2]!);
    }
    first += values.length;
    const rows = Array.from({ length: width && values.length / width }, (_, row) =>
      filled.slice(row * width, (row + 1) * width),
    );
    return { sql, rows: width === 0 ? [[]] : rows };
  });
  return { id, statements: unpacked };
}
