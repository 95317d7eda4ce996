import { join } from 'node:path';
import { startApiServer } from '../../src/api/api-server.ts';
import type { EventStreamOptions } from '../../src/api/event-streams.ts';
import { ApiClient } from '../../src/client/api-client.ts';
import { createLogger } from '../../src/observe/logger.ts';
import { disposeAfter, type TestScope } from './dispose-after.ts';
import { FakeOperations } from './fake-operations.ts';
import { withSamples } from './sample-of.ts';
import { tempFolder } from './temp-folder.ts';

interface FakeApiOptions extends EventStreamOptions {
  readonly desk?: FakeOperations;
  /** Serves at a TCP port of 127.0.0.1, or at another host, instead of a socket. */
  readonly address?: { readonly host: string; readonly port: number };
  readonly token?: string;
  readonly maxBytes?: number;
  readonly idleTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
}

/** Serves the API of fake operations, on a socket unless told, and returns a client for it. Ended when the test ends. */
export async function startFakeApi(scope: TestScope, options: FakeApiOptions = {}) {
  const { desk = new FakeOperations(), token = '', address } = options;
  const folder = await tempFolder(scope);
  const socketPath = join(folder.path, 'stew.sock');
  const logger = createLogger({ level: 'silent', nodeName: 'central' });
  const server = disposeAfter(
    scope,
    await startApiServer(
      { maxBytes: 1024 * 1024, version: '0.0.0-fake', ...options, token, address: address ?? { socketPath } },
      { operations: withSamples(desk), logger },
    ),
  );
  const url = `http://127.0.0.1:${server.port}`;
  const client = disposeAfter(scope, new ApiClient(address ? { url, token } : { socketPath }));
  return { desk, client, socketPath, url, server, folder: folder.path };
}
