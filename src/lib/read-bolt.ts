/**
 * Reads one bucket of a bbolt database (go.etcd.io/bbolt, version 2 of its format), without changing anything: pages of a
 * fixed size, of which 0 and 1 say where the tree begins; the one that was written last counts.
 */
export function readBoltBucket(file: Buffer, bucket: string): BoltItem[] {
  const meta = newestMeta(file);
  for (const { key, value, isBucket } of items(file, meta, meta.root)) {
    if (!isBucket || key.toString() !== bucket) continue;
    const root = Number(value.readBigUInt64LE(0));
    // A small bucket lies as a page of its own behind its head, within the page of its parent.
    return root === 0 ? leafItems(value.subarray(BUCKET_HEAD)) : items(file, meta, root);
  }
  return [];
}

export interface BoltItem {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly isBucket: boolean;
}

interface Meta {
  readonly pageBytes: number;
  readonly root: number;
  readonly transaction: bigint;
}

const MAGIC = 0xed0cdaed;
const VERSION = 2;
const PAGE_HEAD = 16;
const BUCKET_HEAD = 16;
const ELEMENT = 16;
const BRANCH = 0x01;
const LEAF = 0x02;
/** What databases of this kind have at most is far below. */
const MOST_LEVELS = 32;
/** Sizes of pages that machines have, for the second head where the first is damaged. */
const PAGE_SIZES = [4096, 8192, 16384, 65536];

function newestMeta(file: Buffer): Meta {
  const first = metaAt(file, 0);
  const second = (first ? [first.pageBytes] : PAGE_SIZES).map((bytes) => metaAt(file, bytes)).find(Boolean);
  const newest = second && (!first || second.transaction > first.transaction) ? second : first;
  if (!newest) throw new Error('it is no bbolt database, or its head is damaged');
  return newest;
}

function metaAt(file: Buffer, offset: number): Meta | undefined {
  const at = offset + PAGE_HEAD;
  if (file.length < at + 64) return undefined;
  if (file.readUInt32LE(at) !== MAGIC || file.readUInt32LE(at + 4) !== VERSION) return undefined;
  if (fnv(file.subarray(at, at + 56)) !== file.readBigUInt64LE(at + 56)) return undefined;
  const pageBytes = file.readUInt32LE(at + 8);
  if (pageBytes < 512) return undefined;
  return {
    pageBytes,
    root: Number(file.readBigUInt64LE(at + 16)),
    transaction: file.readBigUInt64LE(at + 48),
  };
}

/** The head's own checksum, FNV-1a of 64 bits. */
function fnv(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return hash;
}

/** All items of the tree below a page, in the order of their keys. */
function items(file: Buffer, meta: Meta, root: number): BoltItem[] {
  const seen = new Set<number>();
  const below = (page: number, level: number): BoltItem[] => {
    const start = page * meta.pageBytes;
    if (seen.has(page) || level > MOST_LEVELS || start + PAGE_HEAD > file.length) throw damaged();
    seen.add(page);
    const bytes = (1 + file.readUInt32LE(start + 12)) * meta.pageBytes;
    const whole = file.subarray(start, start + bytes);
    if ((whole.readUInt16LE(8) & BRANCH) === 0) return leafItems(whole);
    return elements(whole).flatMap((at) => below(Number(word(whole, at + 8)), level + 1));
  };
  return below(root, 0);
}

function leafItems(page: Buffer): BoltItem[] {
  if (page.length < PAGE_HEAD || (page.readUInt16LE(8) & LEAF) === 0) throw damaged();
  return elements(page).map((at) => {
    const [flags, position, keyBytes, valueBytes] = [0, 4, 8, 12].map((more) => page.readUInt32LE(at + more));
    const start = at + position!;
    const end = start + keyBytes! + valueBytes!;
    if (end > page.length) throw damaged();
    const key = page.subarray(start, start + keyBytes!);
    return { key, value: page.subarray(start + keyBytes!, end), isBucket: (flags! & 1) !== 0 };
  });
}

function elements(page: Buffer): number[] {
  const count = page.readUInt16LE(10);
  if (PAGE_HEAD + count * ELEMENT > page.length) throw damaged();
  return Array.from({ length: count }, (_, index) => PAGE_HEAD + index * ELEMENT);
}

function word(page: Buffer, at: number): bigint {
  return page.readBigUInt64LE(at);
}

function damaged(): Error {
  return new Error('it is a bbolt database that is damaged, or was written while it was read');
}
