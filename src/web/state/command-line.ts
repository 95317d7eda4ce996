import type { NodeQuery } from '../../contract/nodes.ts';
import { joinWords } from '../../lib/shell-words.ts';
import type { Route } from './route.ts';
import type { RunForm } from './run-form.ts';

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
      return requestsLine(route);
    case 'request':
      return `steward why ${joinWords([route.id])}`;
    case 'files':
      return `find data -type f -path ${joinWords([`*/${route.node}/*`])}`;
    case 'queues':
      return 'steward queue';
    case 'schedules':
      return 'steward status --scheduled';
    case 'audit':
      return route.text === undefined ? 'steward audit' : `steward audit --text ${joinWords([route.text])}`;
    case 'errors':
      return route.node === undefined ? 'steward errors' : `steward errors --node ${joinWords([route.node])}`;
    case 'charts':
      return 'steward status --since 7d';
    case 'settings':
      return 'steward web sessions';
    case 'run':
      return runLine(route.target);
    case 'batches':
      return 'steward status';
    case 'batch':
      return `steward status ${joinWords([route.id])}`;
  }
}

function requestsLine({ state, node }: Extract<Route, { screen: 'requests' }>): string {
  const given = [...(state ? ['--state', state] : []), ...(node ? ['--node', node] : [])];
  return joinWords(['steward', 'status', ...(given.length === 0 ? ['--since', '1d'] : given)]);
}

function runLine(target = 'TARGET'): string {
  return `steward exec ${joinWords([target])} -- COMMAND`;
}

/** The command line that runs what was filled in. */
export function runLineOf({ target, message, waves = {}, isShell }: RunForm): string {
  const { methodArgs = [], method, methodTimeout, expiresIn, priority, data, ...more } = message;
  const { output: _, replyMethod: reply, ...others } = more;
  const isPlain = method === 'REQCliCommand' && reply === 'REQNone' && Object.keys(others).length === 0;
  if (!isPlain) {
    const whole = JSON.stringify([{ toTargets: [target], ...message }]);
    return `echo ${joinWords([whole])} | steward send -`;
  }
  const { batch, batchWaitMs, canary, maxErrors, limit } = waves;
  const options = {
    batch,
    'batch-wait': batchWaitMs === undefined ? undefined : `${batchWaitMs}ms`,
    canary,
    'max-errors': maxErrors,
    limit,
    timeout: methodTimeout === 60 ? undefined : methodTimeout === -1 ? 'none' : methodTimeout,
    'expires-in': expiresIn,
    priority,
  };
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const words = given.flatMap(([name, value]) => [`--${name}`, String(value)]);
  const args = methodArgs as readonly string[];
  const exec = ['steward', 'exec', target, ...words];
  if (Array.isArray(data)) {
    const runner = /^#!\s*\S/.test(data[0]) ? [] : ['--interpreter', '/bin/sh'];
    return `printf %s ${joinWords(data)} | ${joinWords([...exec, ...runner, '--script', '/dev/stdin'])}`;
  }
  return joinWords([...exec, ...(isShell ? ['--shell', args[2]!] : ['--', ...args])]);
}

/** A target says who is here or away; for longer than usual is more than it can say. */
function nodesLine({ target, presence, overdue }: NodeQuery): string {
  const shown = overdue ? 'away' : presence;
  if (shown === undefined)
    return target === undefined ? 'steward nodes' : `steward nodes ${joinWords([target])}`;
  const all = target === undefined ? `presence=${shown}` : `(${target}) and presence=${shown}`;
  return `steward nodes ${joinWords([all])}`;
}
