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
 * Makes a server listen at a place and answers with the port, also where 0 left it to the system to choose.
 *
 * `option` is the setting that names the place, for the ListenError that this throws.
 */
export async function listenAt(server: Server, place: HostAndPort, option: string): Promise<number> {
  try {
    server.listen({
      host: place.host === '' ? undefined : place.host,
      port: place.port,
      backlog: BACKLOG,
    });
    await once(server, 'listening');
  } catch (error) {
    throw listenError(showPlace(place), option, error as NodeJS.ErrnoException);
  }
  return (server.address() as AddressInfo).port;
}

/** A place as it is written in settings: `host:port`, an IPv6 address in brackets. */
export function showPlace({ host, port }: HostAndPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function listenError(place: string, option: string, cause: NodeJS.ErrnoException): ListenError {
  if (cause.code === 'EADDRINUSE') {
    return new ListenError('in-use', `another program listens on ${place}: choose another ${option}`, {
      cause,
    });
  }
  return new ListenError('unavailable', `cannot listen on ${place} (${option}): ${cause.message}`, { cause });
}
