import { join } from 'node:path';
import { startApiServer } from '../api/api-server.ts';
import type { Config, NodeOptions } from '../config/config.ts';
import { lookTokenOf, tokenOf } from '../config/listener-tokens.ts';
import { Passkeys, passkeyOperations } from '../console/passkeys.ts';
import { Sessions, sessionOperations } from '../console/sessions.ts';
import { webOriginOf } from '../console/web-origin.ts';
import { startDataFolderServer } from '../listeners/data-folder-server.ts';
import { startHttpListener } from '../listeners/http-listener.ts';
import { startReadFolder } from '../listeners/read-folder.ts';
import { submitStartupFolder } from '../listeners/startup-folder.ts';
import { startTcpListener } from '../listeners/tcp-listener.ts';
import { startUnixListener } from '../listeners/unix-socket.ts';
import { createOperations } from '../operations/operations.ts';
import { ReportedSubmissions } from '../sending/reported-submissions.ts';
import type { NodeParts } from './assemble-node.ts';

export interface ListenersDeps extends NodeParts, Pick<NodeOptions, 'version' | 'examine'> {
  /** Stops what is started here, in reverse. */
  readonly stack: AsyncDisposableStack;
  /** Resolves when the node takes requests. */
  readonly serving: Promise<unknown>;
}

/**
 * Starts all ways into the node, and returns the path of the unix socket. Throws ListenError for one that cannot be
 * had; messages of the startup folder are submitted once the node takes requests.
 */
export async function startListeners(config: Config, deps: ListenersDeps): Promise<string> {
  const { stack, logger, metrics } = deps;
  const submissions = new ReportedSubmissions(deps);
  for (const reason of config.closedListeners)
    deps.errorReporter.report(`error: a listener stays closed: ${reason}`);
  if (config.promHostAndPort) {
    const { startMetricsServer } = await import('../observe/metrics-server.ts');
    stack.use(await startMetricsServer(config.promHostAndPort, { metrics }));
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
