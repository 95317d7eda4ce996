import type { BrokerLimits, BrokerOptions } from '../../broker/broker-options.ts';
import type { Logger } from '../../observe/logger.ts';
import { defineCommand, EXIT, type ParsedCall, UsageError } from '../line/command.ts';

const OPTIONS = {
  listen: {
    value: 'HOST:PORT',
    summary: 'where clients connect; default 127.0.0.1:4222, port 0 = one that is free',
    completes: 'none',
  },
  users: { value: 'FILE', summary: 'who may connect and do what', completes: 'file' },
  'token-file': {
    value: 'FILE',
    summary: 'a file with a token: who shows it may do anything',
    completes: 'file',
  },
  'tls-cert': { value: 'FILE', summary: "the broker's certificate", completes: 'file' },
  'tls-key': { value: 'FILE', summary: 'the key of that certificate', completes: 'file' },
  'tls-ca': {
    value: 'FILE',
    summary: 'clients must show a certificate of this authority',
    completes: 'file',
  },
  open: { summary: 'let everybody in, although other machines reach the port' },
  'max-payload': { value: 'SIZE', summary: 'the largest message; default 1MB' },
  'max-connections': { value: 'N', summary: 'clients at a time; default 1024' },
  'max-signing-in': { value: 'N', summary: 'clients of one address that have not signed in; default 256' },
  'max-subscriptions': { value: 'N', summary: 'subscriptions of one client; default 10000' },
  'max-pending': { value: 'SIZE', summary: 'what may wait for a client that reads slowly; default 64MB' },
  'sign-in-timeout': { value: 'SECONDS', summary: 'time to sign in; default 10' },
  'write-timeout': { value: 'SECONDS', summary: 'cut off who reads nothing for so long; default 60' },
  'ping-interval': {
    value: 'SECONDS',
    summary: 'silence after which a client is asked for a sign of life; default 300',
  },
  'log-level': {
    value: 'LEVEL',
    summary: 'trace, debug, info, warn, error, fatal or silent; default info',
    completes: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
  },
} as const;

type Call = ParsedCall<typeof OPTIONS>;

/** Runs a broker until SIGTERM or SIGINT. */
export const brokerCommand = defineCommand({
  usage: ['broker [--listen HOST:PORT] [--users FILE] [--tls-cert FILE --tls-key FILE]'],
  about: [
    'Runs a broker of the NATS protocol in this process: for trying things out, for tests and for a',
    'handful of nodes. A real fleet has nats-server; nodes move there by -brokerAddress.',
    '',
    'Without --users, --token-file and --tls-ca everybody who reaches the port may publish and subscribe.',
    'The users file is read again at SIGHUP: connections of users who are gone from it are cut. SIGTERM and',
    'SIGINT stop it once clients have got what waits for them. The log goes to stderr.',
  ],
  options: OPTIONS,
  noOperands: 'steward broker --help lists its options',
  examples: [
    { line: 'steward broker', does: 'a broker for this machine, on 127.0.0.1:4222' },
    {
      line: 'steward broker --listen :4222 --users users.json --tls-cert broker.pem --tls-key broker-key.pem',
      does: 'one for others, with TLS, for the users in a file',
    },
  ],
  run: async (call) => {
    const { BrokerError } = await import('../../broker/broker-error.ts');
    return runBroker(call).catch((error: unknown) => {
      throw error instanceof BrokerError ? new UsageError(error.message) : error;
    });
  },
});

async function runBroker(call: Call): Promise<number> {
  const { options, stdout } = call;
  const { startBroker } = await import('../../broker/broker.ts');
  const { reloadUsers } = await import('../../broker/watch-users.ts');
  const { catchStopSignals } = await import('../line/stop-signals.ts');
  const brokerOptions = await optionsOf(options);
  const logger = await brokerLogger(call);
  using signals = catchStopSignals(call, { isDaemon: true });
  if (options.open !== true) await requireGuard(brokerOptions);
  await using broker = await startBroker(brokerOptions, { logger });
  using _reload = onHangup(async () => {
    if (options.users === undefined) return;
    const users = await reloadUsers(options.users, broker);
    logger.info({ users }, 'the users were read again');
  }, logger);
  stdout.write(`listening on ${broker.url}\n`);
  const fault = await signals.stop;
  if (fault) throw fault;
  logger.info({}, 'stopping');
  return EXIT.ok;
}

async function optionsOf(given: Call['options']): Promise<BrokerOptions> {
  const { parseHostAndPort } = await import('../../lib/host-and-port.ts');
  const { readTlsFiles } = await import('../../broker/tls-files.ts');
  const { readUsersFile } = await import('../../broker/users-file.ts');
  const { readVersion } = await import('../program/version.ts');
  const listen = given.listen ?? '127.0.0.1:4222';
  const address = parseHostAndPort(listen);
  if (address === undefined)
    throw new UsageError(`--listen ${listen} is no HOST:PORT, such as 127.0.0.1:4222 or :4222`);
  const files = {
    certificate: given['tls-cert'] ?? '',
    key: given['tls-key'] ?? '',
    clientCa: given['tls-ca'] ?? '',
  };
  const names = { certificate: '--tls-cert', key: '--tls-key', clientCa: '--tls-ca' };
  const tokenFile = given['token-file'];
  return {
    ...address,
    addressOption: '--listen',
    version: readVersion(),
    tls: await readTlsFiles(files, names),
    users: given.users === undefined ? undefined : await readUsersFile(given.users),
    token: tokenFile === undefined ? undefined : await readToken(tokenFile),
    ...limitsOf(given),
  };
}

function limitsOf(given: Call['options']): Partial<BrokerLimits> {
  const limits: Partial<Record<keyof BrokerLimits, number>> = {};
  const take = (
    name: keyof typeof OPTIONS,
    { limit, read }: { limit: keyof BrokerLimits; read(text: string, option: string): number },
  ) => {
    const text = given[name];
    if (typeof text === 'string') limits[limit] = read(text, `--${name}`);
  };
  take('max-payload', { limit: 'maxPayloadBytes', read: bytesOf });
  take('max-pending', { limit: 'maxPendingBytes', read: bytesOf });
  take('max-connections', { limit: 'maxConnections', read: countOf });
  take('max-signing-in', { limit: 'maxSigningIn', read: countOf });
  take('max-subscriptions', { limit: 'maxSubscriptions', read: countOf });
  take('sign-in-timeout', { limit: 'signInTimeoutMs', read: millisecondsOf });
  take('write-timeout', { limit: 'writeTimeoutMs', read: millisecondsOf });
  take('ping-interval', { limit: 'pingIntervalMs', read: millisecondsOf });
  return limits;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };

function bytesOf(text: string, option: string): number {
  const [, digits, unit = ''] = /^(\d{1,12})([KMG]B)?$/i.exec(text) ?? [];
  if (digits === undefined)
    throw new UsageError(`${option} ${text} is no size: give bytes, or a number with KB, MB or GB`);
  return Number(digits) * UNITS[unit.toUpperCase()]!;
}

function countOf(text: string, option: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`${option} ${text} is no whole number`);
  return Number(text);
}

function millisecondsOf(text: string, option: string): number {
  if (!/^\d{1,6}(\.\d{1,3})?$/.test(text))
    throw new UsageError(`${option} ${text} is no number of seconds, such as 10 or 0.5`);
  return Math.round(Number(text) * 1000);
}

async function readToken(path: string): Promise<string> {
  const { readGiven } = await import('../line/read-given.ts');
  const token = (await readGiven(path, `--token-file ${path}`)).toString().trim();
  if (token === '') throw new UsageError(`--token-file ${path} is empty: it must hold the token`);
  return token;
}

async function brokerLogger({ options }: Call): Promise<Logger> {
  const { openLogger, LOG_LEVELS } = await import('../../observe/logger.ts');
  const wanted = options['log-level'] ?? 'info';
  const level = LOG_LEVELS.find((candidate) => candidate === wanted);
  if (level === undefined) throw new UsageError(`--log-level ${wanted} is none of ${LOG_LEVELS.join(', ')}`);
  return openLogger({ level, isTerminal: process.stderr.isTTY === true, nodeName: 'broker' });
}

/** A client of an open broker can run commands on every node. */
async function requireGuard({ host, users, token, tls }: BrokerOptions): Promise<void> {
  const { isLoopback } = await import('../../lib/is-loopback.ts');
  if (isLoopback(host) || users !== undefined || token !== undefined || tls?.clientCa !== undefined) return;
  throw new UsageError(
    '--listen can be reached from other machines, and everybody there could give orders to your nodes: give --users, --token-file or --tls-ca, listen on 127.0.0.1, or say --open',
  );
}

/** Does something at each SIGHUP; what goes wrong is logged, and all stays as it was. */
function onHangup(effect: () => Promise<void>, logger: Logger): Disposable {
  const listener = () =>
    void effect().catch((error: Error) => logger.error({}, `the users stay as they were: ${error.message}`));
  process.on('SIGHUP', listener);
  return { [Symbol.dispose]: () => void process.off('SIGHUP', listener) };
}
