import type { IncomingMessage, ServerResponse } from 'node:http';
import { bodyTypeRefusal } from '../lib/body-type.ts';
import { ByteBudget } from '../lib/byte-budget.ts';
import type { HostAndPort } from '../lib/host-and-port.ts';
import type { HttpRefusal } from '../lib/http-guard.ts';
import { endEarly, type HttpService, startHttpService } from '../lib/http-service.ts';
import { readBody } from '../lib/read-body.ts';
import { type LineLogger, limitedLogger } from '../observe/limited-logger.ts';
import { refusalLine, type Verdict, verdictOf } from './answer-line.ts';
import { DEFAULT_LIMITS } from './client-sessions.ts';
import type { Submissions } from './submission-session.ts';

/** Where to listen, and how much clients may send; times in milliseconds. */
export interface HttpListenerOptions {
  readonly address: HostAndPort;
  /** What clients must show where the address is not a loopback address, or there too; '' = none. */
  readonly token: string;
  readonly tokenOnLoopback?: boolean;
  readonly maxBytes?: number;
  readonly maxTotalBytes?: number;
  readonly maxClients?: number;
  readonly idleTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  readonly stopTimeoutMs?: number;
}

/** The status of an answer; 207 tells a client that reads nothing else that not all was taken. */
const STATUS: Readonly<Record<Verdict, number>> = { accepted: 200, partly: 207, refused: 422, unread: 400 };

/**
 * Takes submissions as the body of `POST /` and answers with the line that the socket would give, as JSON.
 *
 * Status: 200 all taken, 207 a part, 422 none, 400 not a list of messages; 401 no token, 403 a page of another
 * origin, 404, 405, 408 a body that stops coming, 413 too large, 415 no text, 503 stopping or too much at once.
 * Every answer, refusals too, has the same JSON shape. Throws ListenError when the port cannot be had.
 */
export async function startHttpListener(
  options: HttpListenerOptions,
  deps: { submissions: Submissions; logger: LineLogger },
): Promise<HttpService> {
  const limits = { ...DEFAULT_LIMITS, ...options };
  const budget = new ByteBudget(limits.maxTotalBytes);
  const logger = limitedLogger(deps.logger);
  const answer = (response: ServerResponse, refusal: HttpRefusal) =>
    sendLine(response, refusal, refusalLine(refusal.reason));
  // Who may not submit is in the log alone: anybody could fill errorCentral with it.
  const refuse = (response: ServerResponse, refusal: HttpRefusal) => {
    logger.warn({ reason: refusal.reason }, 'a submission was refused');
    answer(response, refusal);
  };
  const refuseUnread = (response: ServerResponse, refusal: HttpRefusal) => {
    deps.submissions.refused(refusal.reason);
    answer(response, refusal);
  };
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const early = refusalOf(request);
    if (early !== undefined) return refuseUnread(response, early);
    const { body, release } = await readBody({ request, response }, limits, budget);
    try {
      if (body === 'gone') return;
      if ('status' in body) return refuseUnread(response, body);
      const line = await deps.submissions.submit(
        body.bytes,
        `HTTP listener from ${request.socket.remoteAddress}`,
      );
      sendLine(response, { status: STATUS[verdictOf(line)] }, line);
    } finally {
      release();
    }
  };
  return startHttpService({ ...options, option: '-httpListener' }, { handle, refuse, logger });
}

function refusalOf({ url = '', method, headers }: IncomingMessage): HttpRefusal | undefined {
  const [path] = url.split('?');
  if (path !== '/') return { status: 404, reason: 'there is only / here: submit with POST /' };
  if (method !== 'POST') {
    return {
      status: 405,
      reason: 'messages are submitted with POST, as the body',
      headers: { Allow: 'POST' },
    };
  }
  return bodyTypeRefusal(headers, 'JSON or YAML');
}

function sendLine(response: ServerResponse, head: Omit<HttpRefusal, 'reason'>, line: string): void {
  endEarly(response, head, { type: 'application/json', text: `${line}\n` });
}
