import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { callSteward } from '../support/cli-call.ts';
import { FAST_RECONNECT } from '../support/fleet.ts';
import { startStewardNode } from '../support/node.ts';
import { type SimulatedEnd, startSimulatedFleet } from '../support/simulated-fleet.ts';
import { waitFor } from '../support/wait-for.ts';

const NODES = 200;

/** What becomes of a command: of ten, one fails, one takes too long, and the others succeed. */
function endOf(number: number): SimulatedEnd {
  const afterMs = 50 + ((number * 37) % 1500);
  if (number % 10 === 3)
    return { afterMs, end: { state: 'failed', exitCode: 3, reason: 'exit status 3', outputBytes: 0 } };
  if (number % 10 === 7)
    return { afterMs, end: { state: 'timed-out', reason: 'it took too long', outputBytes: 0 } };
  const stdout = Buffer.from(`hello from ${number}\n`);
  return { afterMs, end: { state: 'succeeded', exitCode: 0, stdout, outputBytes: stdout.length } };
}

interface RunOfNodes {
  readonly total: number;
  readonly counts: Record<string, number>;
  readonly nodes: {
    readonly node: string;
    readonly outcome: string;
    readonly request: { readonly state: string; readonly id: string };
    readonly stdout: string;
  }[];
}

test('on 200 nodes of which 30 % come and go, every node is counted once, as what became of it there', async (t) => {
  const broker = await startBroker(t);
  const central = await startStewardNode({ name: 'central', broker, flags: FAST_RECONNECT }, t);
  const names = Array.from({ length: NODES }, (_, index) => `ship${index}`);
  const fleet = await startSimulatedFleet({ broker, names, play: (name) => endOf(Number(name.slice(4))) }, t);
  const exec = async (...args: string[]) => {
    const { code, stdout } = await callSteward(['exec', 'ship*', '--json', ...args], {
      socketPath: `${central.folder}/tmp/stew.sock`,
    });
    const run = JSON.parse(stdout) as RunOfNodes;
    const sum = Object.values(run.counts).reduce((total, count) => total + count, 0);
    assert.deepEqual(
      [run.total, sum, new Set(run.nodes.map(({ node }) => node)).size],
      [NODES, NODES, NODES],
    );
    return { code, ...run };
  };
  for (const node of fleet) node.come();
  await waitFor('all to be known', () => central.query('SELECT name FROM nodes').length >= NODES);

  // A third of the restless ones is away at the beginning; all are back in the end.
  const restless = fleet.filter((_, index) => index % 10 >= 7);
  for (const [index, node] of restless.entries()) if (index % 3 === 0) node.leave();
  let turns = 0;
  const turning = setInterval(() => {
    const isLast = ++turns > 150;
    const [node] = isLast ? [] : [restless[(turns * 7) % restless.length]!];
    if (node?.isHere) node.leave();
    else node?.come();
    if (isLast) for (const each of restless) each.come();
    if (isLast) clearInterval(turning);
  }, 20);
  t.after(() => clearInterval(turning));
  const all = await exec('--wait', '5m', '--', 'hello');
  assert.equal(all.code, 2);
  for (const { node, request, outcome, stdout } of all.nodes) {
    const there = fleet[Number(node.slice(4))]!;
    assert.equal(there.runs.get(request.id), 1, `${node} ran it ${there.runs.get(request.id)} times`);
    assert.equal(request.state, there.ends.get(request.id), node);
    if (outcome === 'succeeded') assert.equal(stdout, `hello from ${node.slice(4)}\n`);
  }
  assert.ok(all.nodes.some(({ request }) => request.state === 'interrupted'));

  // Who is away is not waited for, and is no failure.
  for (const node of restless) node.leave();
  const some = await exec('--', 'hello');
  const open = some.nodes.filter(({ outcome }) => outcome === 'waiting').map(({ node }) => node);
  assert.deepEqual(open.toSorted(), restless.map(({ name }) => name).toSorted());
  assert.deepEqual([some.counts.waiting, some.counts.failed, some.counts['timed-out']], [60, 20, 0]);
});
