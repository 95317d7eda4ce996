import type { OperationName } from '../contract/contract.ts';
import type { Route } from '../contract/operation.ts';
import { ROUTES } from '../contract/routes.ts';

/** The request for an operation: its arguments are id, body and query, as far as it has them. */
export function callOf(name: OperationName, asked: readonly unknown[]) {
  const { method, path, body: kind }: Route = ROUTES[name];
  const rest = [...asked];
  const place = path.replace('{id}', () => encodeURIComponent(String(rest.shift())));
  const body = kind === undefined ? undefined : bodyOf(kind, rest.shift());
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(rest[0] ?? {}))
    if (value !== undefined) for (const each of [value].flat()) search.append(key, String(each));
  return { method, path: search.size === 0 ? place : `${place}?${search}`, body };
}

function bodyOf(kind: Route['body'], given: unknown): Uint8Array<ArrayBuffer> | string {
  const isText = kind === 'messages' && (typeof given === 'string' || given instanceof Uint8Array);
  return isText ? (given as Uint8Array<ArrayBuffer> | string) : JSON.stringify(given);
}
