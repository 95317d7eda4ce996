import { join } from 'node:path';
import { startApiServer } from '../api/api-server.ts';
import type { Config } from '../config/config.ts';
import type { NodeOptions } from '../config/node-options.ts';
import { Passkeys, passkeyOperations } from '../console/passkeys.ts';
import { Sessions, sessionOperations } from '../console/sessions.ts';
import { webOriginOf } from '../console/web-origin.ts';
import { createOperations } from '../operations/operations.ts';
import type { NodeParts } from './assemble-node.ts';

interface ApiDeps extends NodeParts, Pick<NodeOptions, 'version' | 'examine'> {
  readonly stack: AsyncDisposableStack;
}

/** Serves the API on its unix socket and, where the configuration says so, at a TCP address, and the console. Throws ListenError. */
export async function startApi(
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
