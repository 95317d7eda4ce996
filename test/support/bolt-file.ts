const PAGE = 4096;

type Item = readonly [key: string, value: Buffer, isBucket?: boolean];

/**
 * A bbolt database of one bucket as the original makes it, by the facts of the format: written here apart from the reader, so that
 * the two are held against each other. Few items lie inline; more lie on pages of their own below a branch.
 */
export function boltFile(bucket: string, items: readonly (readonly [key: string, value: string])[]): Buffer {
  const entries = items
    .map(([key, value]): Item => [key, Buffer.from(value)])
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const leaves: Item[][] = [[]];
  for (const entry of entries) {
    const used = leaves.at(-1)!.reduce((sum, [key, value]) => sum + 16 + key.length + value.length, 16);
    if (used + 16 + entry[0].length + entry[1].length > PAGE && leaves.at(-1)!.length > 0) leaves.push([]);
    leaves.at(-1)!.push(entry);
  }
  const isInline = leaves.length === 1 && leafPage(0, leaves[0]!, false).length < PAGE / 4;
  const head = Buffer.alloc(16);
  if (isInline) return file([[bucket, Buffer.concat([head, leafPage(0, leaves[0]!, false)]), true]], []);
  // Page 3 is the root, 4 the branch, and the leaves follow; one that needs more than a page overflows.
  head.writeBigUInt64LE(4n, 0);
  const pages: Buffer[] = [];
  const children: { readonly key: string; readonly page: number }[] = [];
  let next = 5;
  for (const leaf of leaves) {
    const page = leafPage(next, leaf, true);
    children.push({ key: leaf[0]![0], page: next });
    pages.push(page);
    next += page.length / PAGE;
  }
  return file([[bucket, head, true]], [branchPage(4, children), ...pages]);
}

function file(root: Item[], more: readonly Buffer[]): Buffer {
  const free = pageHead({ id: 2, flags: 0x10, count: 0 });
  // The head that was written last counts: the older one leads nowhere.
  return Buffer.concat([meta(0, 7n, 3), meta(1, 6n, 2), whole(free), leafPage(3, root, true), ...more]);
}

function meta(id: number, transaction: bigint, root: number): Buffer {
  const body = Buffer.alloc(64);
  body.writeUInt32LE(0xed0cdaed, 0);
  body.writeUInt32LE(2, 4);
  body.writeUInt32LE(PAGE, 8);
  body.writeBigUInt64LE(BigInt(root), 16);
  body.writeBigUInt64LE(2n, 32);
  body.writeBigUInt64LE(100n, 40);
  body.writeBigUInt64LE(transaction, 48);
  let hash = 0xcbf29ce484222325n;
  for (const byte of body.subarray(0, 56)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  body.writeBigUInt64LE(hash, 56);
  return whole(Buffer.concat([pageHead({ id, flags: 0x04, count: 0 }), body]));
}

function leafPage(id: number, items: readonly Item[], isPadded: boolean): Buffer {
  const heads: Buffer[] = [];
  const bodies: Buffer[] = [];
  let at = items.length * 16;
  for (const [key, value, isBucket] of items) {
    const head = Buffer.alloc(16);
    head.writeUInt32LE(isBucket ? 1 : 0, 0);
    head.writeUInt32LE(at - heads.length * 16, 4);
    head.writeUInt32LE(key.length, 8);
    head.writeUInt32LE(value.length, 12);
    heads.push(head);
    bodies.push(Buffer.from(key), value);
    at += key.length + value.length;
  }
  const overflow = isPadded ? Math.ceil((16 + at) / PAGE) - 1 : 0;
  const page = Buffer.concat([
    pageHead({ id, flags: 0x02, count: items.length, overflow }),
    ...heads,
    ...bodies,
  ]);
  return isPadded ? whole(page) : page;
}

function branchPage(
  id: number,
  children: readonly { readonly key: string; readonly page: number }[],
): Buffer {
  let at = children.length * 16;
  const heads = children.map(({ key, page }, index) => {
    const head = Buffer.alloc(16);
    head.writeUInt32LE(at - index * 16, 0);
    head.writeUInt32LE(key.length, 4);
    head.writeBigUInt64LE(BigInt(page), 8);
    at += key.length;
    return head;
  });
  const keys = children.map(({ key }) => Buffer.from(key));
  return whole(Buffer.concat([pageHead({ id, flags: 0x01, count: children.length }), ...heads, ...keys]));
}

function pageHead(about: { id: number; flags: number; count: number; overflow?: number }): Buffer {
  const head = Buffer.alloc(16);
  head.writeBigUInt64LE(BigInt(about.id), 0);
  head.writeUInt16LE(about.flags, 8);
  head.writeUInt16LE(about.count, 10);
  head.writeUInt32LE(about.overflow ?? 0, 12);
  return head;
}

function whole(page: Buffer): Buffer {
  return Buffer.concat([page, Buffer.alloc((PAGE - (page.length % PAGE)) % PAGE)]);
}
