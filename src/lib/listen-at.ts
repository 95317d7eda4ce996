import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import type { HostAndPort } from './host-and-port.ts';
import { ListenError } from './listen-error.ts';

/**
 * How many connections may wait to be taken, unless the system allows fewer (net.core.somaxconn). A fleet that comes back
 * after a cut connects all at once. Beyond Node's 511 Linux drops the handshakes of some, which then wait for a greeting
 * until they give up.
 */
const BACKLOG = 4096;

/**
 * Makes a server listen at an address and answers with the port, also where 0 left it to the system to choose.
 *
 * `option` is the setting that names the address, for the ListenError that this throws.
 */
export async function listenAt(server: Server, address: HostAndPort, option: string): Promise<number> {
  try {
    server.listen({
      host: address.host === '' ? undefined : address.host,
      port: address.port,
      backlog: BACKLOG,
    });
    await once(server, 'listening');
  } catch (error) {
    throw listenError(showAddress(address), option, error as NodeJS.ErrnoException);
  }
  return (server.address() as AddressInfo).port;
}

/** An address as it is written in settings: `host:port`, an IPv6 address in brackets. */
export function showAddress({ host, port }: HostAndPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function listenError(address: string, option: string, cause: NodeJS.ErrnoException): ListenError {
  if (cause.code === 'EADDRINUSE') {
    return new ListenError('in-use', `another program listens on ${address}: choose another ${option}`, {
      cause,
    });
  }
  return new ListenError('unavailable', `cannot listen on ${address} (${option}): ${cause.message}`, {
    cause,
  });
}
