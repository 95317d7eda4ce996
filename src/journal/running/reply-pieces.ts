import { open, unlink } from 'node:fs/promises';
import type { ReplyBody } from '../../message/method-contract.ts';

/** How much of a reply is queued in one transaction, bytes. */
export const AT_ONCE_BYTES = 8 * 1024 * 1024;

/** A reply's content: in pieces of at most `pieceBytes`, or whole where that is undefined; all of it or a part. */
export async function* replyPieces(
  body: ReplyBody,
  pieceBytes: number | undefined,
  part: { readonly from: number; readonly to: number } = { from: 0, to: bytesOf(body) },
): AsyncGenerator<Uint8Array> {
  const { from, to } = part;
  const size = pieceBytes ?? to - from;
  if (body instanceof Uint8Array) {
    if (to - from <= size) return yield body.subarray(from, to);
    for (let start = from; start < to; start += size) yield body.subarray(start, Math.min(start + size, to));
    return;
  }
  const file = await open(body.path, 'r');
  try {
    for (let position = from; position < to; ) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, to - position)), {
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

/** How long a reply is. */
export function bytesOf(body: ReplyBody): number {
  return body instanceof Uint8Array ? body.length : body.bytes;
}

/** The last bytes of a reply, `most` of them; fewer where its file is shorter than it was. */
export async function lastOfReply(body: ReplyBody, most: number): Promise<Uint8Array> {
  const bytes = bytesOf(body);
  const from = Math.max(0, bytes - most);
  if (body instanceof Uint8Array) return body.subarray(from);
  const pieces: Uint8Array[] = [];
  for await (const piece of replyPieces(body, undefined, { from, to: bytes })) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Removes a reply's file, where it has one. */
export async function discardReply(body: ReplyBody | undefined): Promise<void> {
  if (body && !(body instanceof Uint8Array) && !body.isKept) await unlink(body.path).catch(() => {});
}
