import type { BatchSummary } from '../../contract/batch-summary.ts';
import type { RequestSummary } from '../../contract/requests.ts';
import { TEXTS } from '../texts.ts';
import { hashOf, routeOf } from './route.ts';

/** Somewhere to go, or something to do that the page offers. */
export interface Destination {
  readonly key: string;
  readonly text: string;
  /** Whether it is just what was typed, so that nothing else need be looked for. */
  readonly isExact: boolean;
  /** The address; without it, `action` says which of the page's actions it is. */
  readonly hash?: string;
  readonly action?: number;
}

/** What may be found. */
export interface Findable {
  /** What the page that is shown offers, by its names. */
  readonly actions: readonly string[];
  /** Nodes whose names begin with the text. */
  readonly nodes: readonly string[];
  readonly requests: readonly RequestSummary[];
  readonly batches: readonly BatchSummary[];
}

/** More destinations of one kind are left out. */
const MOST = 8;
const ID = /^[0-9a-f]{8}[0-9a-f-]*$/i;

/** What a text may mean, the likeliest first; all screens and actions where there is no text. */
export function destinationsFor(
  text: string,
  { actions, nodes, requests, batches }: Findable,
): Destination[] {
  const wanted = text.trim().toLowerCase();
  const begins = (name: string) => name.toLowerCase().startsWith(wanted);
  const holds = (...names: readonly string[]) => names.some((name) => name.toLowerCase().includes(wanted));
  const to = (title: string, name: string, hash: string, isExact = false): Destination => ({
    ...{ key: hash, text: title === '' ? name : `${title} ${name}`, hash, isExact },
  });
  const request = (id: string, what: string) =>
    to(TEXTS.columns.request, `${what} ${id}`.trim(), hashOf({ screen: 'request', id }));
  const batch = (id: string, label: string) =>
    to(TEXTS.batch, `${label} ${id}`.trim(), hashOf({ screen: 'batch', id, cursor: undefined }));
  const destinations = [
    ...Object.entries(TEXTS.screens)
      .filter(([, title]) => begins(title))
      .map(([screen, title]) => to('', title, hashOf(routeOf(screen)), title.toLowerCase() === wanted)),
    ...nodes
      .filter(begins)
      .map((name) => to(TEXTS.node, name, hashOf({ screen: 'node', name }), name.toLowerCase() === wanted)),
    ...actions
      .map((name, action): Destination => ({ key: `do ${action}`, text: name, action, isExact: false }))
      .filter((destination) => holds(destination.text)),
  ];
  if (wanted === '') return destinations;
  const found = [
    ...destinations,
    ...batches
      .filter(({ id, label }) => holds(id, label))
      .slice(0, MOST)
      .map(({ id, label }) => batch(id, label)),
    ...requests
      .filter(({ id, node, what }) => holds(id, node, what))
      .slice(0, MOST)
      .map(({ id, node, what }) => request(id, `${what}, ${node},`)),
    // Of long ago, or of another page: the node takes the beginning of an id.
    ...(ID.test(wanted) ? [request(wanted, ''), batch(wanted, '')] : []),
  ];
  const once = [
    ...new Map([...found].reverse().map((destination) => [destination.key, destination])).values(),
  ].reverse();
  return [...once.filter(({ isExact }) => isExact), ...once.filter(({ isExact }) => !isExact)];
}
