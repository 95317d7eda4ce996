import type { WebProxyConfig } from '../../src/config/web-config.ts';
import { startConsole } from '../../src/console/console-server.ts';
import { Passkeys, passkeyOperations } from '../../src/console/passkeys.ts';
import { Sessions, sessionOperations } from '../../src/console/sessions.ts';
import { createLogger } from '../../src/observe/logger.ts';
import { disposeAfter, type TestScope } from './dispose-after.ts';
import { FakeOperations } from './fake-operations.ts';
import { withSamples } from './sample-of.ts';
import { tempStore } from './temp-store.ts';

interface FakeConsoleOptions {
  readonly desk?: FakeOperations;
  readonly now?: () => number;
  readonly proxy?: WebProxyConfig | undefined;
  readonly vouchedMs?: number;
}

/** Serves the console of fake operations at a port of 127.0.0.1; ended when the test ends. */
export async function startFakeConsole(
  scope: TestScope,
  { desk = new FakeOperations(), now = Date.now, proxy, vouchedMs = 45_000 }: FakeConsoleOptions = {},
) {
  const passkeys = new Passkeys(await tempStore(scope), now);
  const sessions = new Sessions(now, passkeys);
  const own = {
    ...sessionOperations(sessions, (code) => code),
    ...passkeyOperations(passkeys, sessions),
  };
  const operations = withSamples(Object.assign(desk, own));
  const logger = createLogger({ level: 'silent', nodeName: 'central' });
  const address = { host: '127.0.0.1', port: 0 };
  const options = { address, nodeName: 'central', version: '1', maxBytes: 100_000, proxy, vouchedMs };
  const server = disposeAfter(
    scope,
    await startConsole(options, { operations, sessions, passkeys, now, logger }),
  );
  const url = `http://localhost:${server.port}`;
  return {
    desk,
    sessions,
    passkeys,
    server,
    url,
    linkFor: (role: 'act' | 'look') => `${url}/#in=${sessions.link(role).code}`,
  };
}
