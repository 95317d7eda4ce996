import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { lookTokenOf, tokenOf } from '../config/listener-tokens.ts';
import type { NodeOptions } from '../config/node-options.ts';
import { startDataFolderServer } from '../listeners/data-folder-server.ts';
import { startHttpListener } from '../listeners/http-listener.ts';
import { startReadFolder } from '../listeners/read-folder.ts';
import { submitStartupFolder } from '../listeners/startup-folder.ts';
import { startTcpListener } from '../listeners/tcp-listener.ts';
import { startUnixListener } from '../listeners/unix-socket.ts';
import { ReportedSubmissions } from '../sending/reported-submissions.ts';
import type { NodeParts } from './assemble-node.ts';
import { startApi } from './start-api.ts';

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
