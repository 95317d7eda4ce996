import type { BrokerUser } from '../broker/broker-options.ts';
import { type BrokerThread, startBrokerThread } from '../broker/broker-thread.ts';
import { readTlsFiles } from '../broker/tls-files.ts';
import { readUsersFile } from '../broker/users-file.ts';
import { watchUsers } from '../broker/watch-users.ts';
import type { Config } from '../config/config.ts';
import type { NodeOptions } from '../config/node-options.ts';
import { openLogger } from '../observe/logger.ts';

const TLS_OPTIONS = {
  certificate: '-embeddedBrokerTLSCert',
  key: '-embeddedBrokerTLSKey',
  clientCa: '',
} as const;

/**
 * Starts the broker that the configuration asks for, in a thread of its own: what it carries for others must not hold up
 * this node. It follows its users file; where there is none, `admitted` are its users. undefined = none is asked for.
 * Throws BrokerError and ListenError.
 */
export async function startEmbeddedBroker(
  config: Config,
  { version, isTerminal }: NodeOptions,
  {
    stack,
    admitted,
  }: { readonly stack: AsyncDisposableStack; readonly admitted?: readonly BrokerUser[] | undefined },
): Promise<BrokerThread | undefined> {
  if (config.embeddedBroker === undefined) return undefined;
  const { address, usersFile, tlsCertFile, tlsKeyFile } = config.embeddedBroker;
  const logger = await openLogger({ level: config.logLevel, isTerminal, nodeName: config.nodeName });
  const users = usersFile === '' ? admitted : await readUsersFile(usersFile);
  const files = { certificate: tlsCertFile, key: tlsKeyFile, clientCa: '' };
  const tls = await readTlsFiles(files, TLS_OPTIONS);
  const options = { ...address, addressOption: '-embeddedBroker', version, users, tls };
  const broker = stack.use(await startBrokerThread(options, { logger }));
  if (usersFile !== '') stack.use(watchUsers(usersFile, { broker, logger }));
  logger.info({ address: broker.url }, 'the embedded broker listens');
  return broker;
}
