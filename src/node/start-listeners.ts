import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { tokenFault } from '../config/listener-config.ts';
import { ListenError } from '../lib/listen-error.ts';
import { newId } from '../lib/new-id.ts';
import { systemFault } from '../lib/system-fault.ts';
import { startDataFolderServer } from '../listeners/data-folder-server.ts';
import { startHttpListener } from '../listeners/http-listener.ts';
import { type ReadFolderDeps, startReadFolder } from '../listeners/read-folder.ts';
import { submitStartupFolder } from '../listeners/startup-folder.ts';
import { startTcpListener } from '../listeners/tcp-listener.ts';
import { startUnixListener } from '../listeners/unix-socket.ts';
import { startMetricsServer } from '../observe/metrics-server.ts';
import { startProfilingServer } from '../observe/profiling-server.ts';
import type { NodeParts } from './build-node.ts';
import { startApi } from './start-api.ts';
import type { SubmitDeps } from './submission.ts';
import { createResumableSubmit, createSubmit } from './submit.ts';

export interface ListenersDeps {
  readonly parts: NodeParts;
  readonly submitDeps: SubmitDeps;
  readonly version: string;
  /** Stops what is started here, in reverse. */
  readonly stack: AsyncDisposableStack;
  /** Resolves when the node takes requests. */
  readonly serving: Promise<unknown>;
}

/**
 * Starts all ways into the node, and gives the path of the unix socket. Throws ListenError for one that cannot be
 * had; messages of the startup folder are submitted once the node takes requests.
 */
export async function startListeners(config: Config, deps: ListenersDeps): Promise<string> {
  const { parts, stack, submitDeps } = deps;
  const { logger, metrics } = parts;
  if (config.promHostAndPort) stack.use(await startMetricsServer(config.promHostAndPort, { metrics }));
  if (config.profilingPort)
    stack.use(await startProfilingServer({ place: config.profilingPort }, { logger }));
  const maxBytes = config.maxMessageBytes;
  const submit = createSubmit(config, submitDeps);
  const path = join(config.socketFolder, 'steward.sock');
  stack.use(await startUnixListener({ path, maxBytes }, { submit, logger }));
  const token = await tokenOf(config);
  await startApi(config, deps, token);
  if (config.tcpListener) {
    const options = { place: config.tcpListener, token, maxBytes };
    stack.use(await startTcpListener(options, { submit, logger }));
  }
  if (config.httpListener) {
    const options = { place: config.httpListener, token, maxBytes };
    stack.use(await startHttpListener(options, { submit, logger }));
  }
  if (config.exposeDataFolder) {
    const options = { place: config.exposeDataFolder, token, folder: config.subscribersDataFolder };
    stack.use(await startDataFolderServer(options, { logger }));
  }
  if (config.readFolder !== '') {
    stack.use(await startReadFolder({ folder: config.readFolder, maxBytes }, readFolderDeps(config, deps)));
  }
  if (config.startupFolder !== '') submitAtStart(config, deps, submit);
  return path;
}

function submitAtStart(
  config: Config,
  { parts, stack, serving }: ListenersDeps,
  submit: (text: Uint8Array) => Promise<string>,
): void {
  const stopping = new AbortController();
  const stopped = new Promise((resolve) => {
    stopping.signal.addEventListener('abort', resolve, { once: true });
  });
  const options = { folder: config.startupFolder, maxBytes: config.maxMessageBytes };
  const done = Promise.race([serving, stopped]).then(() =>
    submitStartupFolder(options, {
      submit,
      logger: parts.logger,
      reportError: (text) => parts.reporter.error(text),
      signal: stopping.signal,
    }),
  );
  stack.defer(() => {
    stopping.abort();
    return done;
  });
}

function readFolderDeps(config: Config, { parts, submitDeps }: ListenersDeps): ReadFolderDeps {
  return {
    newBatch: newId,
    submit: createResumableSubmit(config, submitDeps),
    submitted: (batch) => parts.ledger.batch(batch),
    reportError: (text) => parts.reporter.error(text),
    logger: parts.logger,
  };
}

/** The token that clients must show: from its file where there is one; '' = none. */
async function tokenOf({ listenerToken, listenerTokenFile: file }: Config): Promise<string> {
  if (file === '') return listenerToken;
  const token = await readFile(file, 'utf8').then(
    (text) => text.trim(),
    (error) => {
      throw new ListenError('bad-token', `the listener token ${file} cannot be read: ${systemFault(error)}`, {
        cause: error,
      });
    },
  );
  const fault = token === '' ? 'must not be empty' : tokenFault(token);
  if (fault !== undefined) throw new ListenError('bad-token', `the listener token in ${file} ${fault}`);
  return token;
}
