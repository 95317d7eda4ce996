const { closeSync, openSync, readSync } = process.getBuiltinModule('node:fs');

const ID_BYTES = 16;
const pool = Buffer.alloc(ID_BYTES * 256);
let used = pool.length;
let lastMs = 0;
let count = 0;

/** A new UUIDv7: ids made later sort later, those of one millisecond too. Randomness is fetched for many at once. */
export function newId(): string {
  if (used === pool.length) {
    fillAtRandom(pool);
    used = 0;
  }
  const bytes = pool.subarray(used, used + ID_BYTES);
  used += ID_BYTES;
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    count = bytes.readUInt32BE(0) >>> 1;
  } else {
    count++;
  }
  writeTimeAndCount(bytes);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** From the system where it has such a file: to load node:crypto takes 4 ms, for which a small command would wait. */
function fillAtRandom(bytes: Buffer): void {
  try {
    const file = openSync('/dev/urandom', 'r');
    try {
      if (readSync(file, bytes, 0, bytes.length, null) === bytes.length) return;
    } finally {
      closeSync(file);
    }
  } catch {
    // Not every system has it.
  }
  process.getBuiltinModule('node:crypto').randomFillSync(bytes);
}

/** By RFC 9562: 48 bits of time and, around version and variant, a count of 32 bits; the random bits behind them stay. */
function writeTimeAndCount(bytes: Buffer): void {
  bytes.writeUIntBE(lastMs, 0, 6);
  bytes[6] = 0x70 | (count >>> 28);
  bytes[7] = count >>> 20;
  bytes[8] = 0x80 | ((count >>> 14) & 0x3f);
  bytes[9] = count >>> 6;
  bytes[10] = ((count & 0x3f) << 2) | (bytes[10]! & 0x03);
}
