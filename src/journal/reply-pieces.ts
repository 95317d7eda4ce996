import { open, unlink } from 'node:fs/promises';
import type { ReplyBody } from './journal-deps.ts';

/** The size of one message of a reply that is sent in several, bytes: every broker takes it. */
const PIECE_BYTES = 512 * 1024;

/** A reply's content: in pieces where the receiver can put them after one another, else whole. */
export async function* replyPieces(
  body: ReplyBody,
  options: { inPieces: boolean },
): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) {
    if (!options.inPieces || body.length <= PIECE_BYTES) return yield body;
    for (let start = 0; start < body.length; start += PIECE_BYTES)
      yield body.subarray(start, start + PIECE_BYTES);
    return;
  }
  const file = await open(body.path, 'r');
  try {
    const size = options.inPieces ? PIECE_BYTES : body.bytes;
    for (let position = 0; position < body.bytes; ) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, body.bytes - position)), {
        position,
      });
      if (bytesRead === 0) return;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** Removes a reply's file, where it has one. */
export async function discardReply(body: ReplyBody | undefined): Promise<void> {
  if (body && !(body instanceof Uint8Array)) await unlink(body.path).catch(() => {});
}
