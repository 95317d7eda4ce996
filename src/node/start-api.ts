import { join } from 'node:path';
import { startApiServer } from '../api/api-server.ts';
import type { Config } from '../config/config.ts';
import type { NodeParts } from './build-node.ts';
import { createDesk } from './desk.ts';
import type { SubmitDeps } from './submission.ts';

interface ApiDeps {
  readonly version: string;
  readonly parts: NodeParts;
  readonly submitDeps: SubmitDeps;
  readonly stack: AsyncDisposableStack;
}

/** Serves the API on its unix socket and, where the configuration says so, at a TCP place. Throws ListenError. */
export async function startApi(
  config: Config,
  { version, parts, submitDeps, stack }: ApiDeps,
  token: string,
): Promise<void> {
  const desk = createDesk(config, { version }, { parts, submitDeps });
  const deps = { desk, logger: parts.logger };
  const options = { version, maxBytes: config.maxMessageBytes };
  const place = { socketPath: join(config.socketFolder, 'stew.sock') };
  stack.use(await startApiServer({ ...options, place, token: '' }, deps));
  if (config.apiListener)
    stack.use(await startApiServer({ ...options, place: config.apiListener, token }, deps));
}
