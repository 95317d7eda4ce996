/** So much that nobody needs may stay in memory with bytes that are kept, besides this share of what they are. */
const [SLACK_BYTES, SLACK] = [4096, 0.25];

/**
 * Bytes to keep: themselves, or a copy where they are a part of something larger, such as a read of a socket or what a long message was
 * gathered in, which has up to twice its size: all of that would stay in memory with them.
 */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  // Not `slice`, which of a Buffer copies nothing.
  return bytes.buffer.byteLength > (1 + SLACK) * bytes.length + SLACK_BYTES ? new Uint8Array(bytes) : bytes;
}
