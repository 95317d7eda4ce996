import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { callSteward } from '../support/cli-call.ts';
import { FAST_RECONNECT, submitAll, waitForEnd } from '../support/fleet.ts';
import { landedVersions } from '../support/landed.ts';
import { startStewardNode, stewardCommand } from '../support/node.ts';
import { apiOf, apiSocketOf } from '../support/node-api.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait-for.ts';

/** The last version that landed; it knows neither calls nor budgets. */
const version = landedVersions().find(({ name }) => name === '0.1')!;
const append = (text: string) => ({
  ...{ toNode: 'ship1', method: 'REQToFileAppend', directory: 'd', fileName: 'log', data: [text] },
});

test('an older central node keeps what is for a node that calls until it calls, and neither loses nor doubles it', async (t) => {
  const broker = await startBroker(t);
  const link = await startTcpProxy(broker, t);
  const { command } = version;
  const central = await startStewardNode({ name: 'central', broker, command, flags: FAST_RECONNECT }, t);
  const flags = { ...FAST_RECONNECT, link: 'calls', linkCalls: '6h', linkCallLimit: '5' };
  const ship1 = await startStewardNode({ name: 'ship1', broker: link, flags }, t);
  const calls = () => ship1.logLines().filter(({ msg }) => String(msg).startsWith('a call of')).length;
  const patience = { timeoutMs: 30_000 };
  await waitFor('the first call to end', () => calls() === 1 && link.connected === 0, patience);
  const ids = await submitAll(
    central,
    ['1\n', '2\n', '3\n'].map((text) => ({ ...append(text), ACKTimeout: 1 })),
  );
  const command2 = {
    ...append(''),
    method: 'REQCliCommand',
    methodArgs: ['echo', 'called'],
    data: undefined,
  };
  const [ran] = await submitAll(central, { ...command2, ACKTimeout: 1 });
  assert.equal(link.connected, 0);
  for (let call = 2; ; call++) {
    await callSteward(['call'], { socketPath: apiSocketOf(ship1) });
    await waitFor(`call ${call} to end`, () => calls() === call, patience);
    const open = central.query('SELECT 1 FROM ledger WHERE ended_at IS NULL');
    // An older one asks again when it likes: what it does not ask for in a call comes with a later one.
    if (open.length === 0 || call > 5) break;
  }
  for (const id of [...ids, ran!]) assert.equal((await waitForEnd(central, id)).state, 'succeeded');
  assert.equal(await ship1.file('d/ship1/log'), '1\n2\n3\n');
  assert.equal(await central.waitForFile('d/ship1/log'), 'called\n');
});

test('a node with a budget goes back to an older version and comes again: what went by then counts still', async (t) => {
  const broker = await startBroker(t);
  const central = await startStewardNode({ name: 'central', broker, flags: FAST_RECONNECT }, t);
  // Not as a flag, which the older version would refuse.
  const env = { ...process.env, LINK_BUDGET: '1MB/day' };
  const ship1 = await startStewardNode({ name: 'ship1', broker, flags: FAST_RECONNECT, env }, t);
  const goesOver = async (text: string) => {
    const [id] = await submitAll(central, append(text));
    assert.equal((await waitForEnd(central, id!, 30_000)).state, 'succeeded');
  };
  const left = async () => (await apiOf(ship1, t).link()).budget?.leftBytes ?? Number.NaN;
  const letters = randomBytes(100_000).toString('base64');
  await goesOver(letters);
  const before = await left();
  assert.ok(before < 900_000, String(before));
  await ship1.become(version.command);
  await goesOver('older');
  const [row] = ship1.query(`SELECT value FROM meta WHERE key = 'link_budget'`);
  assert.ok((JSON.parse(String(row?.value)) as { spentBytes: number }).spentBytes > 100_000);
  await ship1.become(stewardCommand());
  await goesOver('newer');
  const after = await left();
  assert.ok(after < before && after > before - 100_000, `${after} after ${before}`);
  assert.equal(await ship1.file('d/ship1/log'), `${letters}oldernewer`);
});
