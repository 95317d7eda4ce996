import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { ListenError } from './listen-error.ts';

/** Where to listen; an empty host is every interface. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/**
 * Makes a server listen at a place and answers with the port, also where 0 left it to the system to choose.
 *
 * `option` is the setting that names the place, for the ListenError that this throws.
 */
export async function listenAt(server: Server, place: Place, option: string): Promise<number> {
  try {
    server.listen({ host: place.host === '' ? undefined : place.host, port: place.port });
    await once(server, 'listening');
  } catch (error) {
    throw listenError(showPlace(place), option, error as NodeJS.ErrnoException);
  }
  return (server.address() as AddressInfo).port;
}

/** A place as it is written in settings: `host:port`, an IPv6 address in brackets. */
export function showPlace({ host, port }: Place): string {
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
