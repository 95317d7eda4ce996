import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Operations } from '../contract/contract.ts';
import type { HostAndPort } from '../lib/host-and-port.ts';
import { bearerOf } from '../lib/http-guard.ts';
import { type HttpService, startHttpService } from '../lib/http-service.ts';
import { isSameSecret } from '../lib/is-same-secret.ts';
import { localUser } from '../lib/local-user.ts';
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
  const { lookToken = '', address } = options;
  const isLocal = 'socketPath' in address;
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const given = bearerOf(request.headers.authorization);
    const isLook = given !== undefined && lookToken !== '' && isSameSecret(given, lookToken);
    const by = isLocal ? localUser() : `${tokenName(given, isLook)} from ${request.socket.remoteAddress}`;
    await handler.handle(request, response, { by, access: isLook ? LOOK : undefined });
  };
  return await startHttpService(
    { ...options, option: '-apiListener' },
    { handle, streams: handler, refuse, logger },
  );
}

function tokenName(given: string | undefined, isLook: boolean): string {
  if (isLook) return 'look token';
  return given === undefined ? 'no token' : 'listener token';
}

const LOOK = lookOnly('token', 'use the listener token');
