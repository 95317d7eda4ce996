import { CONTRACT, type OperationName } from '../contract/contract.ts';
import { routeOf } from '../contract/operation.ts';
import { nearest } from '../lib/nearest.ts';
import { type ApiRefusal, RefusedError } from './refusal.ts';

/** The operation that a request asks for, with the id in its path, where it has one. */
export interface FoundRoute {
  readonly name: OperationName;
  readonly id: string | undefined;
}

interface Route {
  readonly name: OperationName;
  readonly method: string;
  readonly path: string;
  readonly parts: readonly string[];
}

const PLACES: readonly Route[] = (Object.keys(CONTRACT) as OperationName[]).map((name) => {
  const { method, path } = routeOf(CONTRACT[name]);
  return { name, method, path, parts: path.split('/') };
});
const PATHS = [...new Set(PLACES.map(({ path }) => path))];

/** Finds what is asked for by method and path. Throws RefusedError: 404 with the paths that there are, or 405. */
export function findRoute(method: string, path: string): FoundRoute {
  const parts = path.split('/');
  const there = PLACES.filter((place) => isAt(place.parts, parts));
  if (there.length === 0) throw new RefusedError(noSuchPath(path));
  const found = there.find((place) => place.method === method);
  if (found === undefined) throw new RefusedError(wrongMethod(method, there));
  const at = found.parts.indexOf('{id}');
  return { name: found.name, id: at === -1 ? undefined : decode(parts[at]!) };
}

function isAt(wanted: readonly string[], parts: readonly string[]): boolean {
  return (
    wanted.length === parts.length &&
    wanted.every((part, index) => (part === '{id}' ? parts[index] !== '' : part === parts[index]))
  );
}

function noSuchPath(path: string): ApiRefusal {
  const close = nearest(path, PATHS);
  const hint = close === undefined ? `there are ${PATHS.join(', ')}` : `did you mean ${close}?`;
  const shown = JSON.stringify(path.slice(0, 200));
  return { status: 404, reason: `there is no path ${shown}: ${hint} (see /openapi.json)` };
}

function wrongMethod(method: string, there: readonly Route[]): ApiRefusal {
  const allowed = there.map((place) => place.method).join(', ');
  return {
    status: 405,
    reason: `${method} is not for this path: use ${allowed}`,
    headers: { Allow: allowed },
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new RefusedError({ status: 400, reason: `the path holds ${part.slice(0, 100)}, which is no text` });
  }
}
