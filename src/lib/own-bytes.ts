/** So much that nobody needs may stay in memory with bytes that are kept, besides as much as they are. */
const SLACK_BYTES = 4096;

/**
 * Bytes to keep: themselves, or a copy where they are a small part of something larger, such as a read of a socket, all of which
 * would stay in memory with them.
 */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  // Not `slice`, which of a Buffer copies nothing.
  return bytes.buffer.byteLength > 2 * bytes.length + SLACK_BYTES ? new Uint8Array(bytes) : bytes;
}
