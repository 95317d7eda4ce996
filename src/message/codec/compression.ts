import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { makeRoomFor } from '../../lib/collect-garbage.ts';
import { MessageError } from '../message-error.ts';

/** How a payload is compressed, as its `cmp` header says: not at all, with zstd, or with gzip. */
export type Compression = '' | 'z' | 'g';

const LARGE_BYTES = 64 * 1024;

/** Up to here gzip makes what zstd makes of a message in half the time, and unpacks it in a third; bytes. */
export const SMALL_BYTES = 1024;
/** What a small payload is packed and unpacked into, bytes: of the pool that buffers are cut from. */
const SMALL_CHUNK = { chunkSize: 2048 };

interface Effort {
  readonly isQuick?: boolean;
  /** What the payload may repeat; whoever unpacks it needs the same. */
  readonly dictionary?: Uint8Array | undefined;
}

/** Compresses a payload; a large one with less effort, so that it does not hold up the node, as with zstd one that `isQuick`. */
export function compress(
  payload: Uint8Array,
  compression: Compression,
  { isQuick = false, dictionary }: Effort = {},
): Uint8Array {
  if (dictionary) return zstdCompressSync(payload, { ...CLOSE_ZSTD_OPTIONS, dictionary });
  if (compression === 'z') return zstdCompressSync(payload, isQuick ? QUICK_ZSTD_OPTIONS : ZSTD_OPTIONS);
  if (compression === 'g')
    return gzipSync(payload, { level: payload.length > LARGE_BYTES ? 1 : 6, ...chunkFor(payload) });
  return payload;
}

/**
 * Undoes what a `cmp` header says was done to a payload, which must not have more than `maxBytes` before or after.
 * Stops at that size while it decompresses. Throws MessageError.
 */
export function decompress(
  payload: Uint8Array,
  cmp: string,
  maxBytes: number,
  dictionary?: Uint8Array,
): Uint8Array {
  if (cmp !== '' && cmp !== 'z' && cmp !== 'g') {
    const known = 'z (zstd), g (gzip) and no header at all are known';
    throw new MessageError('unsupported', `the header cmp names the unknown compression "${cmp}": ${known}`);
  }
  if (payload.length > maxBytes) throw tooLarge(maxBytes);
  if (cmp === '') return payload;
  try {
    return cmp === 'g' ? unpackGzip(payload, maxBytes) : unpackZstd(payload, maxBytes, dictionary);
  } catch (cause) {
    if (cause instanceof MessageError) throw cause;
    if ((cause as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes, cause);
    const name = cmp === 'z' ? 'zstd' : 'gzip';
    throw new MessageError('malformed', `the payload is not valid ${name}, or ends too early`, { cause });
  }
}

/** No byte of gzip becomes more than these. */
const MOST_GZIP_RATIO = 1032;

/** How much a payload becomes at most, bytes, as far as that is less than `most`; what cannot be unpacked becomes nothing. */
export function unpackedBytes(payload: Uint8Array, cmp: string, most: number): number {
  if (cmp !== 'z' && cmp !== 'g') return payload.length;
  const told = cmp === 'z' ? zstdContentSize(payload) : undefined;
  if (told !== undefined) return told;
  if (cmp === 'g' && payload.length * MOST_GZIP_RATIO < most) return payload.length * MOST_GZIP_RATIO;
  try {
    return decompress(payload, cmp, most).length;
  } catch (error) {
    return (error as MessageError).code === 'too-large' ? most : 0;
  }
}

/** A frame that tells its size is unpacked into one buffer of that size. */
function unpackZstd(payload: Uint8Array, maxBytes: number, dictionary?: Uint8Array): Uint8Array {
  const size = zstdContentSize(payload);
  if (size !== undefined && size > maxBytes) throw tooLarge(maxBytes);
  const unpack = (options: UnpackOptions) =>
    zstdDecompressSync(payload, { params: ZSTD_LIMITS, dictionary, ...options });
  return size === undefined ? unpackUnsized(unpack, maxBytes) : unpack(inOneBuffer(maxBytes, size));
}

function unpackGzip(payload: Uint8Array, maxBytes: number): Uint8Array {
  return unpackUnsized((options) => gunzipSync(payload, { ...chunkFor(payload), ...options }), maxBytes);
}

function chunkFor({ length }: Uint8Array): { readonly chunkSize?: number } {
  return length <= SMALL_BYTES ? SMALL_CHUNK : {};
}

interface UnpackOptions {
  readonly maxOutputLength: number;
  readonly chunkSize?: number;
}

/**
 * Unpacks what does not tell its size. What is gathered in pieces takes twice as much memory in the end; so what is large
 * goes into one buffer of the largest size, of which the system hands out no more pages than are written to.
 */
function unpackUnsized(unpack: (options: UnpackOptions) => Uint8Array, maxBytes: number): Uint8Array {
  try {
    return unpack({ maxOutputLength: Math.min(maxBytes, GATHERED_BYTES) });
  } catch (error) {
    const isLarger = (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE';
    if (!isLarger || maxBytes <= GATHERED_BYTES) throw error;
    return unpack(inOneBuffer(maxBytes, maxBytes));
  }
}

/** Without some room to spare the library asks for as much again, to see that nothing comes. */
function inOneBuffer(maxBytes: number, bytes: number): UnpackOptions {
  makeRoomFor(bytes);
  return { maxOutputLength: maxBytes, chunkSize: bytes + SPARE_BYTES };
}

const SPARE_BYTES = 64;
const GATHERED_BYTES = 1024 * 1024;
const ZSTD_MAGIC = 0xfd2fb528;

/** The size that a zstd frame has unpacked, as its head tells (RFC 8878, 3.1.1.1); undefined where it does not. */
export function zstdContentSize(payload: Uint8Array): number | undefined {
  const head = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  if (head.length < 18 || head.readUInt32LE(0) !== ZSTD_MAGIC) return undefined;
  const descriptor = head[4]!;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const at = 5 + (isSingleSegment ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!;
  switch (descriptor >> 6) {
    case 0:
      return isSingleSegment ? head[at] : undefined;
    case 1:
      return head.readUInt16LE(at) + 256;
    case 2:
      return head.readUInt32LE(at);
    default:
      return Number(head.readBigUInt64LE(at));
  }
}

const ZSTD_OPTIONS = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };
/** Its tables take a third of the memory, and of the time to get that from the system. */
const QUICK_ZSTD_OPTIONS = { params: { ...ZSTD_OPTIONS.params, [constants.ZSTD_c_compressionLevel]: 1 } };

/** Over a thin link bytes are dearer than the half millisecond that they take. */
const CLOSE_ZSTD_OPTIONS = { params: { ...ZSTD_OPTIONS.params, [constants.ZSTD_c_compressionLevel]: 9 } };

/** No more than 32 MB of window: four times what the reference's encoder asks for. */
const ZSTD_LIMITS = { [constants.ZSTD_d_windowLogMax]: 25 };

function tooLarge(maxBytes: number, cause?: unknown): MessageError {
  return new MessageError('too-large', `the payload is larger than ${maxBytes} bytes`, { cause });
}
