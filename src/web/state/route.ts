import type { NodeQuery } from '../../contract/nodes.ts';
import { OUTCOMES, type Outcome, REQUEST_STATES, type RequestState } from '../../contract/states.ts';

/** What is shown; each has an address that can be shared. */
export type Route =
  | { readonly screen: 'now' }
  | { readonly screen: 'nodes'; readonly query: NodeQuery }
  | { readonly screen: 'node'; readonly name: string }
  | {
      readonly screen: 'requests';
      /** A state, or a group of them. */
      readonly state: RequestState | Outcome | undefined;
      readonly node?: string | undefined;
      readonly cursor: string | undefined;
    }
  | { readonly screen: 'request'; readonly id: string }
  | { readonly screen: 'files'; readonly node: string; readonly cursor: string | undefined }
  | { readonly screen: 'queues' }
  | { readonly screen: 'schedules'; readonly cursor: string | undefined }
  | { readonly screen: 'audit'; readonly text: string | undefined }
  | { readonly screen: 'errors'; readonly node: string | undefined }
  | { readonly screen: 'settings' }
  | { readonly screen: 'charts' }
  | { readonly screen: 'run'; readonly target: string | undefined }
  | { readonly screen: 'batches'; readonly cursor: string | undefined }
  | { readonly screen: 'batch'; readonly id: string; readonly cursor: string | undefined };

const SORTS = ['name', 'lastSeen', 'queued', 'running'] as const;
const PRESENCES = ['here', 'away', 'unknown'] as const;
/** States that are not groups by themselves come behind these. */
export const STATE_CHOICES = [...new Set([...OUTCOMES, ...REQUEST_STATES])];

/** What an address says, to be picked from. */
interface Address {
  readonly name: string;
  text(key: string): string | undefined;
  oneOf<T extends string>(key: string, values: readonly T[]): T | undefined;
}

const READERS: Readonly<Record<string, (address: Address) => Route>> = {
  nodes: ({ name, text, oneOf }) => {
    if (name !== '') return { screen: 'node', name };
    const query = {
      target: text('target'),
      presence: oneOf('presence', PRESENCES),
      ...(text('overdue') === 'true' ? { overdue: true } : {}),
      sort: oneOf('sort', SORTS),
      cursor: text('cursor'),
    };
    return { screen: 'nodes', query };
  },
  requests: ({ name, text, oneOf }) =>
    name === ''
      ? {
          ...{ screen: 'requests', state: oneOf('state', STATE_CHOICES) },
          ...(text('node') === undefined ? {} : { node: text('node') }),
          cursor: text('cursor'),
        }
      : { screen: 'request', id: name },
  batches: ({ name, text }) =>
    name === ''
      ? { screen: 'batches', cursor: text('cursor') }
      : { screen: 'batch', id: name, cursor: text('cursor') },
  files: ({ text }) => {
    const node = text('node');
    return node === undefined ? { screen: 'now' } : { screen: 'files', node, cursor: text('cursor') };
  },
  queues: () => ({ screen: 'queues' }),
  schedules: ({ text }) => ({ screen: 'schedules', cursor: text('cursor') }),
  audit: ({ text }) => ({ screen: 'audit', text: text('text') }),
  errors: ({ text }) => ({ screen: 'errors', node: text('node') }),
  settings: () => ({ screen: 'settings' }),
  charts: () => ({ screen: 'charts' }),
  run: ({ text }) => ({ screen: 'run', target: text('target') }),
};

/** The route of an address's part behind `#`; what is wrong in it is left out. */
export function routeOf(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#?\/?/, '').split('?');
  const [screen = '', ...rest] = path.split('/');
  const query = new URLSearchParams(search);
  const read = Object.hasOwn(READERS, screen) ? READERS[screen] : undefined;
  if (read === undefined) return { screen: 'now' };
  return read({
    name: decode(rest.join('/')),
    text: (key) => query.get(key) || undefined,
    oneOf: (key, values) => values.find((value) => value === query.get(key)),
  });
}

/** The address of a route. */
export function hashOf(route: Route): string {
  switch (route.screen) {
    case 'now':
      return '#/';
    case 'nodes':
      return `#/nodes${searchOf({ ...route.query })}`;
    case 'node':
      return `#/nodes/${encodeURIComponent(route.name)}`;
    case 'requests':
      return `#/requests${searchOf({ state: route.state, node: route.node, cursor: route.cursor })}`;
    case 'request':
      return `#/requests/${encodeURIComponent(route.id)}`;
    case 'queues':
      return '#/queues';
    case 'files':
      return `#/files${searchOf({ node: route.node, cursor: route.cursor })}`;
    case 'schedules':
      return `#/schedules${searchOf({ cursor: route.cursor })}`;
    case 'audit':
      return `#/audit${searchOf({ text: route.text })}`;
    case 'errors':
      return `#/errors${searchOf({ node: route.node })}`;
    case 'settings':
      return '#/settings';
    case 'charts':
      return '#/charts';
    case 'run':
      return `#/run${searchOf({ target: route.target })}`;
    case 'batches':
      return `#/batches${searchOf({ cursor: route.cursor })}`;
    case 'batch':
      return `#/batches/${encodeURIComponent(route.id)}${searchOf({ cursor: route.cursor })}`;
  }
}

/** The id or the name of what a route is about, where it is about one thing. */
export function subjectOf(route: Route): string | undefined {
  if (route.screen === 'node') return route.name;
  return route.screen === 'request' || route.screen === 'batch' ? route.id : undefined;
}

function searchOf(values: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) if (value !== undefined) search.set(key, String(value));
  return search.size === 0 ? '' : `?${search}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
