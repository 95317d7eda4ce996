import { callOf } from '../../client/operation-call.ts';
import type { StewardApi } from '../../client/steward-api.ts';
import type { CallName } from '../../contract/contract.ts';
import type { ApiFault } from '../../contract/faults.ts';
import { ROUTES } from '../../contract/routes.ts';
import { printableJson, printableText } from '../views/printable.ts';

/** The operations of a node, as the page calls them. */
export type WebApi = Pick<StewardApi, CallName>;

/** The node did not do what it was asked, or cannot be reached; the message is a sentence for people. */
export class WebError extends Error {
  override name = 'WebError';
  /** The HTTP status; 0 where no answer came. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Calls operations with the cookie of the session. Every call throws WebError. */
export const webApi = Object.fromEntries(
  (Object.keys(ROUTES) as CallName[]).map((name) => [name, (...asked: unknown[]) => call(name, asked)]),
) as unknown as WebApi;

async function call(name: CallName, asked: unknown[]): Promise<unknown> {
  const { path, ...request } = callOf(name, asked);
  const headers = request.body === undefined ? undefined : { 'Content-Type': 'application/json' };
  const response = await send(path, { ...request, headers });
  const { answer } = ROUTES[name];
  if (answer === 'bytes') return new Uint8Array(await response.arrayBuffer());
  return answer === 'json' ? printableJson(await response.text()) : undefined;
}

/** Sends a request. Throws WebError for a refusal, with the sentence of the node. */
export async function send(path: string, options: RequestInit): Promise<Response> {
  const response = await fetch(path, options).catch((cause: Error) => {
    throw new WebError(0, `the node cannot be reached: ${cause.message}`);
  });
  if (response.ok || response.status === 422) return response;
  const fault = (await response.json().catch(() => undefined)) as ApiFault | undefined;
  const reason = fault?.error.message ?? `the node answered ${response.status}`;
  throw new WebError(response.status, printableText(reason));
}
