import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Operations } from '../contract/contract.ts';
import type { HostAndPort } from '../lib/host-and-port.ts';
import { bearerOf } from '../lib/http-guard.ts';
import { type HttpService, startHttpService } from '../lib/http-service.ts';
import { isSameSecret } from '../lib/is-same-secret.ts';
import type { Logger } from '../observe/logger.ts';
import { ApiHandler, type ApiHandlerOptions } from './api-handler.ts';
import { lookOnly } from './look-only.ts';
import { refuse } from './refusal.ts';

/** Where the API is served; times in ms. */
export interface ApiServerOptions extends ApiHandlerOptions {
  readonly address: HostAndPort | { readonly socketPath: string };
  /** What clients must show where the address is not a loopback address, or there too; '' = none. */
  readonly token: string;
  readonly tokenOnLoopback?: boolean;
  /** A token that lets a client look, and change nothing; '' = none. */
  readonly lookToken?: string;
  readonly maxClients?: number;
  readonly requestTimeoutMs?: number;
  readonly stopTimeoutMs?: number;
}

/** Serves the API over HTTP/1.1, on a unix socket of mode 0600 or at a TCP address. Throws ListenError. */
export async function startApiServer(
  options: ApiServerOptions,
  { operations, logger }: { operations: Operations; logger: Logger },
): Promise<HttpService> {
  const handler = new ApiHandler(options, operations);
  const { lookToken = '' } = options;
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const given = lookToken === '' ? undefined : bearerOf(request.headers.authorization);
    const isLook = given !== undefined && isSameSecret(given, lookToken);
    await handler.handle(request, response, isLook ? LOOK : undefined);
  };
  return await startHttpService(
    { ...options, option: '-apiListener' },
    { handle, streams: handler, refuse, logger },
  );
}

const LOOK = lookOnly('token', 'use the listener token');
