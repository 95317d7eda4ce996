import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const RANDOM_BYTES = 16;
const pool = Buffer.alloc(RANDOM_BYTES * 256);
let used = pool.length;
let lastMs = 0;
let count = 0;

/** A new UUIDv7: ids made later sort later, those of one millisecond too. Randomness is fetched for many at once. */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.subarray(used, used + RANDOM_BYTES);
  used += RANDOM_BYTES;
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    count = random.readUInt32BE(0) >>> 1;
  } else {
    count++;
  }
  return v7({ random, msecs: lastMs, seq: count });
}
