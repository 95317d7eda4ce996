import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { callSteward } from '../support/cli-call.ts';
import { FAST_RECONNECT, ledgerRow, submitAll, waitForEnd } from '../support/fleet.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { apiSocketOf } from '../support/node-api.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait-for.ts';

/** A call is over when nothing was said for 8 s. */
const CALL = { timeoutMs: 20_000 } as const;

async function steward(node: StewardNode, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await callSteward(args, { socketPath: apiSocketOf(node) });
  return `${stdout}${stderr}`;
}

async function startCallingFleet(t: TestContext, flags: Record<string, string | boolean> = {}) {
  const broker = await startBroker(t);
  const link = await startTcpProxy(broker, t);
  const central = await startStewardNode({ name: 'central', broker, flags: FAST_RECONNECT }, t);
  const ship1 = await startStewardNode(
    { name: 'ship1', broker: link, flags: { ...FAST_RECONNECT, link: 'calls', linkCalls: '6h', ...flags } },
    t,
  );
  return { broker, link, central, ship1 };
}

function bytesOf({ bytes }: TcpProxy): number {
  return bytes.toServer + bytes.toClient;
}

function hasEnded(node: StewardNode, calls: number): boolean {
  return node.logLines().filter(({ msg }) => String(msg).startsWith('a call of')).length === calls;
}

test('a node that calls is silent between calls, its messages wait without spending their budgets, and a restart keeps the time', async (t) => {
  const { link, central, ship1 } = await startCallingFleet(t);
  await waitFor('the first call to end', () => hasEnded(ship1, 1), CALL);
  await waitFor(
    'its goodbye',
    async () => /ship1 +away, calls at /.test(await steward(central, 'nodes')),
    CALL,
  );
  await waitFor('its connection to be closed', () => link.connected === 0, CALL);
  const first = bytesOf(link);
  assert.ok(first < 10_000, `${first} bytes for a call with nothing to say`);
  assert.match(await steward(ship1, 'status'), /next call of this node, at /);
  const append = { toNode: 'ship1', method: 'REQToFileAppend', directory: 'd', fileName: 'f', data: ['x'] };
  const [id] = await submitAll(central, { ...append, ACKTimeout: 4, retries: 1 });
  const [other] = await submitAll(central, {
    toNode: 'ship1',
    method: 'REQCliCommand',
    methodArgs: ['echo', 'hi'],
  });
  const budgetAt = () => Number(central.query('SELECT budget_at AS at FROM outbox WHERE id = ?', id!)[0]?.at);
  const given = budgetAt();
  await waitFor('its budget to go on', () => budgetAt() > given + 2000, CALL);
  assert.equal(ledgerRow(central, id!)?.ended_at, null);
  assert.match(await steward(central, 'why', id!), /last seen .*, calls at /);
  await ship1.stop();
  await ship1.start();
  assert.equal(link.connections, 1, 'no call is due');
  assert.equal(bytesOf(link), first, 'bytes between calls');
  assert.match(await steward(ship1, 'call'), /^calling; the call after it is due at /);
  assert.equal((await waitForEnd(central, other!, CALL.timeoutMs)).state, 'succeeded');
  assert.equal((await waitForEnd(central, id!)).state, 'succeeded');
  await waitFor('the second call to end', () => hasEnded(ship1, 1), CALL);
  assert.equal(link.connections, 2);
});

test('what an urgent message of the node itself waits for is a call at once, and one that must not take long ends in time', async (t) => {
  const { link, ship1, central } = await startCallingFleet(t, { linkCallLimit: '3' });
  await waitFor('the first call to end', () => hasEnded(ship1, 1), CALL);
  assert.match(ship1.program.output(), /linkCallLimit/);
  const normal = { toNode: 'central', method: 'REQToFileAppend', directory: 'd', fileName: 'f', data: ['x'] };
  await submitAll(ship1, normal);
  assert.equal(link.connections, 1);
  await submitAll(ship1, { ...normal, priority: 'urgent' });
  assert.equal(await central.waitForFile('d/central/f', (text) => text.length === 2), 'xx');
  assert.equal(link.connections, 2);
});
