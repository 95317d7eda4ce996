import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandLineOf } from './command-line.ts';
import { hashOf, type Route, routeOf } from './route.ts';

const ROUTES: readonly [Route, hash: string, command: string][] = [
  [{ screen: 'now' }, '#/', 'steward status'],
  [
    {
      screen: 'nodes',
      query: { target: 'ship* and not a/b', presence: 'away', sort: 'queued', cursor: '100' },
    },
    '#/nodes?target=ship*+and+not+a%2Fb&presence=away&sort=queued&cursor=100',
    "steward nodes '(ship* and not a/b) and presence=away'",
  ],
  [
    {
      screen: 'nodes',
      query: { target: undefined, presence: undefined, overdue: true, sort: undefined, cursor: undefined },
    },
    '#/nodes?overdue=true',
    'steward nodes presence=away',
  ],
  [{ screen: 'node', name: 'a b/ü%' }, '#/nodes/a%20b%2F%C3%BC%25', "steward status --node 'a b/ü%'"],
  [
    { screen: 'requests', state: 'failed', cursor: undefined },
    '#/requests?state=failed',
    'steward status --state failed',
  ],
  [{ screen: 'request', id: '01a2' }, '#/requests/01a2', 'steward why 01a2'],
  [
    { screen: 'files', node: 'a b', cursor: 'c/d' },
    '#/files?node=a+b&cursor=c%2Fd',
    "find data -type f -path '*/a b/*'",
  ],
  [{ screen: 'queues' }, '#/queues', 'steward queue'],
  [{ screen: 'schedules', cursor: 'x' }, '#/schedules?cursor=x', 'steward status --scheduled'],
  [{ screen: 'audit', text: 'a b' }, '#/audit?text=a+b', "steward audit --text 'a b'"],
  [{ screen: 'errors', node: 'ship1' }, '#/errors?node=ship1', 'steward errors --node ship1'],
  [{ screen: 'settings' }, '#/settings', 'steward web sessions'],
  [{ screen: 'run', target: 'a b' }, '#/run?target=a+b', "steward exec 'a b' -- COMMAND"],
  [{ screen: 'batches', cursor: 'x' }, '#/batches?cursor=x', 'steward status'],
  [{ screen: 'batch', id: '01a2', cursor: undefined }, '#/batches/01a2', 'steward status 01a2'],
];

test('every route has an address that leads back to it, and a command that shows the same', () => {
  for (const [route, hash, command] of ROUTES) {
    assert.equal(hashOf(route), hash);
    assert.deepEqual(routeOf(hash), route);
    assert.equal(commandLineOf(route), command);
  }
});

test('what is wrong in an address is left out', () => {
  assert.deepEqual(routeOf('#/nonsense/x?y'), { screen: 'now' });
  assert.deepEqual(routeOf('#/requests?state=faild'), {
    screen: 'requests',
    state: undefined,
    cursor: undefined,
  });
  assert.deepEqual(routeOf('#/files?cursor=x'), { screen: 'now' });
  assert.deepEqual(routeOf('#/nodes/%zz'), { screen: 'node', name: '%zz' });
});
