import { type Clock, systemClock } from './clock.ts';
import { type Random, systemRandom } from './random.ts';

const ID_BYTES = 16;
/** Randomness is fetched for this many ids at once. */
const POOL_IDS = 256;

/** Makes a function that makes UUIDv7s: ids made later sort later, those of one millisecond too. */
export function createNewId(deps: {
  readonly clock: Pick<Clock, 'wallNow'>;
  readonly random: Random;
  /** Ids of this maker sort behind this one, whatever the clock says. */
  readonly after?: string | undefined;
}): () => string {
  let pool = Buffer.alloc(0);
  let used = 0;
  let lastMs = timeOfId(deps.after ?? '') + 1;
  let count = 0;
  return () => {
    if (used === pool.length) {
      pool = deps.random.bytes(ID_BYTES * POOL_IDS);
      used = 0;
    }
    const bytes = pool.subarray(used, used + ID_BYTES);
    used += ID_BYTES;
    const now = deps.clock.wallNow();
    if (now > lastMs) {
      lastMs = now;
      count = bytes.readUInt32BE(0) >>> 1;
    } else {
      count++;
    }
    writeTimeAndCount(bytes, lastMs, count);
    const hex = bytes.toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  };
}

/** The time in a UUIDv7, unix ms; 0 for what is none. */
export function timeOfId(id: string): number {
  const hex = /^([0-9a-f]{8})-([0-9a-f]{4})-7/i.exec(id);
  return hex ? Number.parseInt(hex[1]! + hex[2]!, 16) : 0;
}

/** A new UUIDv7, for what runs once in a process: commands and tools. A node has ids of its own. */
export const newId: () => string = createNewId({ clock: systemClock, random: systemRandom });

/** By RFC 9562: 48 bits of time and, around version and variant, a count of 32 bits; the random bits behind them stay. */
function writeTimeAndCount(bytes: Buffer, ms: number, count: number): void {
  bytes.writeUIntBE(ms, 0, 6);
  bytes[6] = 0x70 | (count >>> 28);
  bytes[7] = count >>> 20;
  bytes[8] = 0x80 | ((count >>> 14) & 0x3f);
  bytes[9] = count >>> 6;
  bytes[10] = ((count & 0x3f) << 2) | (bytes[10]! & 0x03);
}
