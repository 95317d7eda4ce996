import type { Duplex } from 'node:stream';

const GRACE_MS = 1000;

/**
 * Ends a connection and waits a second at most for the client to end it too, so that it can read what was written.
 *
 * With `discard` what the client still sends is thrown away meanwhile, else it is left unread.
 */
export async function closeStream(stream: Duplex, { discard }: { discard: boolean }): Promise<void> {
  if (stream.closed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.on('close', resolve);
  stream.end();
  if (discard) {
    // Without reading on, the client's own close would never be seen.
    stream.removeAllListeners('readable');
    stream.resume();
  }
  const timer = setTimeout(() => stream.destroy(), GRACE_MS);
  await promise;
  clearTimeout(timer);
}
