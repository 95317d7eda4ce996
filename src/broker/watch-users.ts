import { unwatchFile, watchFile } from 'node:fs';
import type { Broker } from './broker.ts';
import type { BrokerLogger } from './hub.ts';
import { readUsersFile } from './users-file.ts';

const LOOK_EVERY_MS = 1000;

/** Gives a broker the users of a file whenever the file changes; where it cannot be used, they stay as they were. */
export function watchUsers(
  path: string,
  { broker, logger }: { readonly broker: Broker; readonly logger: BrokerLogger },
): Disposable {
  const listener = () =>
    void reloadUsers(path, broker).then(
      (count) => logger.info({ users: count }, 'the users of the broker were read again'),
      (error: Error) => logger.error({}, `the users of the broker stay as they were: ${error.message}`),
    );
  watchFile(path, { interval: LOOK_EVERY_MS }, listener);
  return { [Symbol.dispose]: () => unwatchFile(path, listener) };
}

/** Reads the users of a file and hands them to a broker; returns how many there are. Throws BrokerError. */
export async function reloadUsers(path: string, broker: Broker): Promise<number> {
  const users = await readUsersFile(path);
  await broker.setUsers(users);
  return users.length;
}
