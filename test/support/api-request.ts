import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http';
import { text } from 'node:stream/consumers';

/** Where an HTTP server is: a unix socket or a port of 127.0.0.1. */
export type HttpPlace = { readonly socketPath: string } | { readonly port: number };

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends one request as it is told to, on a connection of its own, and returns the answer. */
export function httpRequest(
  place: HttpPlace,
  target: string,
  options: Pick<RequestOptions, 'headers'> & { method?: string; body?: string | Uint8Array } = {},
): Promise<HttpReply> {
  const { method = 'GET', headers, body } = options;
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', ...place, method, path: target, headers, agent: false });
    sent.setTimeout(20_000, () => sent.destroy(new Error(`no answer to ${method} ${target} within 20 s`)));
    sent.on('error', reject);
    sent.on('response', (response) => {
      text(response).then(
        (body) => resolve({ status: response.statusCode!, headers: response.headers, text: body }),
        reject,
      );
    });
    sent.end(body);
  });
}

/** The fault in an answer of the API. */
export function faultIn({ text: body }: HttpReply): { code: string; message: string; field?: string } {
  return (JSON.parse(body) as { error: { code: string; message: string; field?: string } }).error;
}
