import type { Msg, NatsConnection } from '@nats-io/transport-node';

/** The size of a message's headers, bytes; to ask for the headers themselves would read them all. */
export function headerBytes(msg: Msg): number {
  const { _msg } = msg as unknown as { readonly _msg?: { readonly hdr?: number } };
  return _msg?.hdr ?? 0;
}

/** How many bytes went over a socket, those of the protocol and of unfinished messages among them. */
interface CountingSocket {
  readonly bytesRead?: number;
  readonly bytesWritten?: number;
}

/** The socket of a connection, as it is now. */
export function socketOf(connection: NatsConnection): CountingSocket | undefined {
  const { protocol } = connection as unknown as {
    readonly protocol?: { readonly transport?: { readonly socket?: CountingSocket } };
  };
  return protocol?.transport?.socket;
}

export function isEncrypted(connection: NatsConnection): boolean {
  const { protocol } = connection as unknown as {
    readonly protocol?: { readonly transport?: { isEncrypted?(): boolean } };
  };
  return protocol?.transport?.isEncrypted?.() === true;
}
