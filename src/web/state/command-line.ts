import type { NodeQuery } from '../../contract/nodes.ts';
import { joinWords } from '../../lib/shell-words.ts';
import type { Route } from './route.ts';

/** The command line that shows the same as a screen. */
export function commandLineOf(route: Route): string {
  switch (route.screen) {
    case 'now':
      return 'steward status';
    case 'nodes':
      return nodesLine(route.query);
    case 'node':
      return `steward status --node ${joinWords([route.name])}`;
    case 'requests':
      return route.state === undefined
        ? 'steward status --since 1d'
        : `steward status --state ${route.state}`;
    case 'request':
      return `steward why ${joinWords([route.id])}`;
    case 'queues':
      return 'steward queue';
    case 'schedules':
      return 'steward status --scheduled';
    case 'audit':
      return route.text === undefined ? 'steward audit' : `steward audit --text ${joinWords([route.text])}`;
    case 'errors':
      return route.node === undefined ? 'steward errors' : `steward errors --node ${joinWords([route.node])}`;
    case 'settings':
      return 'steward web sessions';
    case 'run':
      return `steward exec ${joinWords([route.target ?? 'TARGET'])} -- COMMAND`;
    case 'batches':
      return 'steward status';
    case 'batch':
      return `steward status ${joinWords([route.id])}`;
  }
}

/** A target says who is here or away; for longer than usual is more than it can say. */
function nodesLine({ target, presence, overdue }: NodeQuery): string {
  const shown = overdue ? 'away' : presence;
  if (shown === undefined)
    return target === undefined ? 'steward nodes' : `steward nodes ${joinWords([target])}`;
  const all = target === undefined ? `presence=${shown}` : `(${target}) and presence=${shown}`;
  return `steward nodes ${joinWords([all])}`;
}
