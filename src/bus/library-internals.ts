import type { Socket } from 'node:net';
import type { Msg, NatsConnection, ProtocolHandler } from '@nats-io/transport-node';

interface RawMsg {
  readonly _msg?: { readonly hdr?: number };
  readonly _rdata?: Uint8Array;
}

/** The size of a message's headers, bytes; to ask for the headers themselves would read them all. */
export function headerBytes(msg: Msg): number {
  return (msg as unknown as RawMsg)._msg?.hdr ?? 0;
}

/** The headers of a message as they came, with the line of its status; the library checks each name, and looks for it among those before. */
export function rawHeaders(msg: Msg): Uint8Array {
  return (msg as unknown as RawMsg)._rdata?.subarray(0, Math.max(0, headerBytes(msg))) ?? new Uint8Array(0);
}

/** How many bytes went over a socket, those of the protocol and of unfinished messages among them. */
interface CountingSocket {
  readonly bytesRead?: number;
  readonly bytesWritten?: number;
}

interface Transport {
  readonly socket?: CountingSocket;
  /** What has come and is still to be read. */
  readonly yields?: readonly Uint8Array[];
  isEncrypted?(): boolean;
  discard?(): void;
}

function transportOf(connection: NatsConnection): Transport | undefined {
  return (connection as unknown as { readonly protocol?: { readonly transport?: Transport } }).protocol
    ?.transport;
}

/** The socket of a connection, as it is now. */
export function socketOf(connection: NatsConnection): CountingSocket | undefined {
  return transportOf(connection)?.socket;
}

/** Bytes that came and are not read; the library reads no more once it could not read a line, and keeps the connection. */
export function unreadBytes(connection: NatsConnection): number {
  return transportOf(connection)?.yields?.reduce((sum, { length }) => sum + length, 0) ?? 0;
}

export function isEncrypted(connection: NatsConnection): boolean {
  return transportOf(connection)?.isEncrypted?.() === true;
}

/** Closes the socket of an attempt that failed; the library leaves it open where the broker has not greeted. */
export function discardTransport(connection: NatsConnection): void {
  transportOf(connection)?.discard?.();
}

interface Dialling {
  socket?: Socket;
  dial(server: unknown): Promise<Socket>;
}

/** Calls a function each time that a socket to the broker is open, before anything is read from that. */
export function whenDialled(protocol: ProtocolHandler, dialled: () => void): void {
  const dialling = protocol as unknown as { transport: Dialling; prepare(): Promise<void> };
  const prepare = dialling.prepare.bind(protocol);
  dialling.prepare = () => {
    const signedIn = prepare();
    const { transport } = dialling;
    const dial = transport.dial.bind(transport);
    transport.dial = async (server) => {
      transport.socket = await dial(server);
      dialled();
      return transport.socket;
    };
    return signedIn;
  };
}
