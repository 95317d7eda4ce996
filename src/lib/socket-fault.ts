import { connect } from 'node:net';
import { shortSocketPath } from './short-socket-path.ts';

/** Why nobody takes a connection on a unix socket, `ETIMEDOUT` where that takes longer than it may; undefined where somebody does. */
export function socketFault(path: string, patienceMs = 0): Promise<NodeJS.ErrnoException | undefined> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.ErrnoException | undefined>();
  const socket = connect(shortSocketPath(path));
  socket.setTimeout(patienceMs, () => resolve(Object.assign(new Error('silent'), { code: 'ETIMEDOUT' })));
  socket.on('connect', () => resolve(undefined)).on('error', resolve);
  return promise.finally(() => socket.destroy());
}
