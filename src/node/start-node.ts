import { join } from 'node:path';
import { startApiServer } from '../api/api-server.ts';
import type { BrokerUser } from '../broker/broker-options.ts';
import { type BrokerThread, startBrokerThread } from '../broker/broker-thread.ts';
import { readTlsFiles } from '../broker/tls-files.ts';
import { readUsersFile } from '../broker/users-file.ts';
import { watchUsers } from '../broker/watch-users.ts';
import { signInOf } from '../bus/credentials.ts';
import { tellNameRights } from '../bus/name-rights.ts';
import type { Config, NodeOptions } from '../config/config.ts';
import { lookTokenOf, tokenOf } from '../config/listener-tokens.ts';
import { leftQueueText } from '../config/original-queue.ts';
import { Passkeys, passkeyOperations } from '../console/passkeys.ts';
import { Sessions, sessionOperations } from '../console/sessions.ts';
import { webOriginOf } from '../console/web-origin.ts';
import { openAdmission } from '../fleet/admission.ts';
import { keepGarbageSmall } from '../lib/collect-garbage.ts';
import { releaseMemoryWhenIdle } from '../lib/idle-memory.ts';
import { startDataFolderServer } from '../listeners/data-folder-server.ts';
import { startHttpListener } from '../listeners/http-listener.ts';
import { startReadFolder } from '../listeners/read-folder.ts';
import { submitStartupFolder } from '../listeners/startup-folder.ts';
import { startTcpListener } from '../listeners/tcp-listener.ts';
import { startUnixListener } from '../listeners/unix-socket.ts';
import { openLogger } from '../observe/logger.ts';
import { createOperations } from '../operations/operations.ts';
import { pruneLanes } from '../outbox/prune-lanes.ts';
import { ReportedSubmissions } from '../sending/reported-submissions.ts';
import type { NodeParts } from './assemble-node.ts';
import { buildNode } from './build-node.ts';
import { beginServing } from './serving.ts';

/** A node that runs until it is disposed; `failed` resolves when it cannot go on. */
export type RunningNode = AsyncDisposable & { readonly failed: Promise<Error> };

/** How long a start waits for the broker before it goes on without, ms. */
const CONNECT_PATIENCE_MS = 1500;
const PRUNE_EVERY_MS = 3_600_000;
const FIRST_PRUNE_MS = 60_000;
const DAY_MS = 86_400_000;
/** How much garbage a node keeps: no more than it takes for 20,000 requests at once, and for each lane that it sends in; bytes. */
const [GARBAGE_BYTES, LANE_GARBAGE_BYTES] = [32 * 1024 * 1024, 3000];

/**
 * Builds and starts every part of a node, in order; disposing stops them in reverse. Throws errors with a `code`
 * for what an operator can mend: a folder in use, a name that is taken, a damaged database, a bad key file.
 */
export async function startNode(config: Config, options: NodeOptions): Promise<RunningNode> {
  await using stack = new AsyncDisposableStack();
  const admission = await openAdmission(config, options, stack);
  const broker = await startEmbeddedBroker(config, options, { stack, admitted: admission?.users });
  const parts = await buildNode(config, options, {
    stack,
    ...(admission && { relays: () => admission.relays, admitted: () => admission.names }),
  });
  stack.use(keepGarbageSmall(GARBAGE_BYTES, () => parts.outbox.laneCount * LANE_GARBAGE_BYTES));
  stack.use(releaseMemoryWhenIdle(parts.clock));
  const { bus, logger } = parts;
  const serving = beginServing(config, options, { parts, stack });
  await bus.firstAttempt(CONNECT_PATIENCE_MS);
  if (bus.isConnected)
    await Promise.race([serving.started, serving.failed.then((error) => Promise.reject(error))]);
  if (broker) {
    broker.onGone = parts.presence.left;
    await admission?.serve({ broker, bus });
  }
  pruneRegularly(config, parts, stack);
  const { version, examine } = options;
  const served = { version, examine, serving: serving.started };
  const socket = await startListeners(config, { ...parts, stack, ...served });
  if (config.trust.mode === 'open')
    logger.info({}, 'trust is open: any node that the broker lets through may ask this one for anything');
  // At a broker that lets everybody in, everybody may do everything.
  if (bus.isConnected && signInOf(config).way !== 'none') void tellNameRights(config, parts);
  logger.info({ version, socket }, 'started');
  void leftQueueText(config.databaseFolder).then((text) => text && logger.warn({}, text));
  void parts.store.replaced?.then((error) => parts.sending.urgent(`error: ${error.message}`));
  const storeFailed = parts.store.failed.catch((error: Error) => error);
  const failed = Promise.race([serving.failed, storeFailed, ...(broker ? [broker.failed] : [])]);
  return Object.assign(stack.move(), { failed });
}

function pruneRegularly(
  config: Config,
  { clock, kept, store, ledger, outbox, journal, logger }: NodeParts,
  stack: AsyncDisposableStack,
): void {
  const onError = (error: unknown) => logger.warn({ err: error }, 'old entries could not be deleted');
  // A clock that was set forth makes nothing older.
  const keepMs = (days: number) => days * DAY_MS + kept.aheadMs(days * DAY_MS);
  const pruneAll = () => {
    ledger
      .prune({ keepMs: keepMs(config.ledgerKeepDays), keepCount: config.ledgerKeepCount })
      .then(() => pruneLanes(store, outbox.undelivered))
      .catch(onError);
    journal
      .prune({ keepMs: keepMs(config.journalKeepDays), keepCount: config.journalKeepCount })
      .catch(onError);
  };
  stack.defer(clock.every(PRUNE_EVERY_MS, pruneAll));
  stack.defer(clock.after(FIRST_PRUNE_MS, pruneAll));
}

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
async function startEmbeddedBroker(
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

interface ListenersDeps extends NodeParts, Pick<NodeOptions, 'version' | 'examine'> {
  /** Stops what is started here, in reverse. */
  readonly stack: AsyncDisposableStack;
  /** Resolves when the node takes requests. */
  readonly serving: Promise<unknown>;
}

/**
 * Starts all ways into the node, and returns the path of the unix socket. Throws ListenError for one that cannot be
 * had; messages of the startup folder are submitted once the node takes requests.
 */
async function startListeners(config: Config, deps: ListenersDeps): Promise<string> {
  const { stack, logger, metrics } = deps;
  const submissions = new ReportedSubmissions(deps);
  for (const reason of config.closedListeners)
    deps.errorReporter.report(`error: a listener stays closed: ${reason}`);
  if (config.promHostAndPort) {
    const { startMetricsServer } = await import('../observe/metrics-server.ts');
    stack.use(await startMetricsServer(config.promHostAndPort, { metrics, logger }));
  }
  const maxBytes = config.maxMessageBytes;
  const path = join(config.socketFolder, 'steward.sock');
  stack.use(await startUnixListener({ path, maxBytes }, { submissions, logger }));
  const guarded = { token: await tokenOf(config), tokenOnLoopback: config.tokenOnLoopback };
  if (config.profilingPort) {
    const { startProfilingServer } = await import('../observe/profiling-server.ts');
    stack.use(await startProfilingServer({ address: config.profilingPort, ...guarded }, { logger }));
  }
  await startApi(config, deps, { ...guarded, lookToken: await lookTokenOf(config, guarded.token) });
  if (config.tcpListener) {
    const options = { address: config.tcpListener, ...guarded, maxBytes };
    stack.use(await startTcpListener(options, { submissions, logger }));
  }
  if (config.httpListener) {
    const options = { address: config.httpListener, ...guarded, maxBytes };
    stack.use(await startHttpListener(options, { submissions, logger }));
  }
  if (config.exposeDataFolder) {
    const options = { address: config.exposeDataFolder, ...guarded, folder: config.subscribersDataFolder };
    stack.use(await startDataFolderServer(options, { logger }));
  }
  if (config.readFolder !== '') {
    stack.use(await startReadFolder({ folder: config.readFolder, maxBytes }, deps));
  }
  if (config.startupFolder !== '') submitAtStart(config, deps);
  return path;
}

function submitAtStart(config: Config, deps: ListenersDeps): void {
  const stopping = new AbortController();
  const stopped = new Promise((resolve) => {
    stopping.signal.addEventListener('abort', resolve, { once: true });
  });
  const options = { folder: config.startupFolder, maxBytes: config.maxMessageBytes };
  const done = Promise.race([deps.serving, stopped]).then(() =>
    submitStartupFolder(options, { ...deps, signal: stopping.signal }),
  );
  deps.stack.defer(() => {
    stopping.abort();
    return done;
  });
}

interface ApiDeps extends NodeParts, Pick<NodeOptions, 'version' | 'examine'> {
  readonly stack: AsyncDisposableStack;
}

/** Serves the API on its unix socket and, where the configuration says so, at a TCP address, and the console. Throws ListenError. */
async function startApi(
  config: Config,
  parts: ApiDeps,
  guarded: { readonly token: string; readonly tokenOnLoopback: boolean; readonly lookToken: string },
): Promise<void> {
  const { version, examine, stack, logger, clock, store } = parts;
  const { webListener, nodeName } = config;
  const passkeys = new Passkeys(store, clock.wallNow);
  const sessions = new Sessions(clock.wallNow, passkeys);
  let origin = '';
  const urlOf = (code: string) => `${origin}/#in=${code}`;
  const operations = {
    ...createOperations(config, { version }, parts),
    doctor: async () => [...(await examine())],
    ...sessionOperations(sessions, webListener && urlOf),
    ...passkeyOperations(passkeys, sessions),
  };
  const deps = { operations, logger };
  const options = { version, maxBytes: config.maxMessageBytes };
  if (webListener) {
    const { startConsole } = await import('../console/console-server.ts');
    const served = { ...options, address: webListener, proxy: config.webProxy, tls: config.webTls, nodeName };
    const server = stack.use(await startConsole(served, { ...deps, sessions, passkeys, now: clock.wallNow }));
    origin = webOriginOf(config, server);
  }
  const address = { socketPath: join(config.socketFolder, 'stew.sock') };
  stack.use(await startApiServer({ ...options, address, token: '' }, deps));
  if (config.apiListener)
    stack.use(await startApiServer({ ...options, address: config.apiListener, ...guarded }, deps));
}
