import type { NatsConnection } from '@nats-io/transport-node';
import { pause } from '../lib/pause.ts';

/** How long a silent broker may hold up the end of a connection. */
const CLOSE_PATIENCE_MS = 1000;

/** Closes a connection once what was published has reached the broker, and without that after a second. Never rejects. */
export async function closeBounded(
  connection: NatsConnection,
  patienceMs = CLOSE_PATIENCE_MS,
): Promise<void> {
  const patience = new AbortController();
  const flushed = connection.flush().catch(() => {});
  await Promise.race([flushed, pause(patienceMs, patience.signal)]);
  const closed = connection.close().catch(() => {});
  await Promise.race([closed, pause(CLOSE_PATIENCE_MS, patience.signal)]);
  patience.abort();
}
