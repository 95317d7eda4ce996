import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { MessageError } from './message-error.ts';

/** How a payload is compressed, as its `cmp` header says: not at all, with zstd, or with gzip. */
export type Compression = '' | 'z' | 'g';

const LARGE_BYTES = 64 * 1024;

/** Compresses a payload; a large one with less effort, so that it does not hold up the node. */
export function compress(payload: Uint8Array, compression: Compression): Uint8Array {
  if (compression === 'z') return zstdCompressSync(payload, ZSTD_OPTIONS);
  if (compression === 'g') return gzipSync(payload, { level: payload.length > LARGE_BYTES ? 1 : 6 });
  return payload;
}

/**
 * Undoes what a `cmp` header says was done to a payload, which must not have more than `maxBytes` before or after.
 * Stops at that size while it decompresses. Throws MessageError.
 */
export function decompress(payload: Uint8Array, cmp: string, maxBytes: number): Uint8Array {
  if (cmp !== '' && cmp !== 'z' && cmp !== 'g') {
    const known = 'z (zstd), g (gzip) and no header at all are known';
    throw new MessageError('unsupported', `the header cmp names the unknown compression "${cmp}": ${known}`);
  }
  if (payload.length > maxBytes) throw tooLarge(maxBytes);
  if (cmp === '') return payload;
  try {
    if (cmp === 'g') return gunzipSync(payload, { maxOutputLength: maxBytes });
    return zstdDecompressSync(payload, { params: ZSTD_LIMITS, maxOutputLength: maxBytes });
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes, cause);
    const name = cmp === 'z' ? 'zstd' : 'gzip';
    throw new MessageError('malformed', `the payload is not valid ${name}, or ends too early`, { cause });
  }
}

const ZSTD_OPTIONS = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };

/** No more than 32 MB of window: four times what the reference's encoder asks for. */
const ZSTD_LIMITS = { [constants.ZSTD_d_windowLogMax]: 25 };

function tooLarge(maxBytes: number, cause?: unknown): MessageError {
  return new MessageError('too-large', `the payload is larger than ${maxBytes} bytes`, { cause });
}
