import { open, unlink } from 'node:fs/promises';
import type { ReplyBody } from './journal-deps.ts';

/** A reply's content: in pieces of at most `pieceBytes`, or whole where that is undefined. */
export async function* replyPieces(
  body: ReplyBody,
  pieceBytes: number | undefined,
): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) {
    if (pieceBytes === undefined || body.length <= pieceBytes) return yield body;
    for (let start = 0; start < body.length; start += pieceBytes)
      yield body.subarray(start, start + pieceBytes);
    return;
  }
  const file = await open(body.path, 'r');
  try {
    const size = pieceBytes ?? body.bytes;
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
