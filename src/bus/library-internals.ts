import type { Msg, NatsConnection } from '@nats-io/transport-node';

/** The size of a message's headers, bytes; to ask for the headers themselves would read them all. */
export function headerBytes(msg: Msg): number {
  const { _msg } = msg as unknown as { readonly _msg?: { readonly hdr?: number } };
  return _msg?.hdr ?? 0;
}

/** How many bytes have come over a connection, those of the protocol and of unfinished messages among them. */
export function bytesIn(connection: NatsConnection): number {
  const { protocol } = connection as unknown as {
    readonly protocol?: { readonly transport?: { readonly socket?: { readonly bytesRead?: number } } };
  };
  return protocol?.transport?.socket?.bytesRead ?? connection.stats().inBytes;
}

/** Whether a connection is encrypted. */
export function isEncrypted(connection: NatsConnection): boolean {
  const { protocol } = connection as unknown as {
    readonly protocol?: { readonly transport?: { isEncrypted?(): boolean } };
  };
  return protocol?.transport?.isEncrypted?.() === true;
}
