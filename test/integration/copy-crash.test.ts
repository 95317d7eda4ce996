import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { killInTurns, randomPoints } from '../support/chaos.ts';
import { assertSame, copyRequest, growing, makeFile, stateOf } from '../support/copying.ts';
import { FAST_RECONNECT, submitAll, waitForEnd } from '../support/fleet.ts';
import { startStewardNode } from '../support/node.ts';
import { randomTest } from '../support/random-test.ts';
import { shared } from '../support/shared.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

const MB = 1_000_000;
const MOST_AGAIN = 0.05;

const fleet = shared(async (scope) => {
  const broker = await startBroker(scope);
  const link = await startTcpProxy(broker, scope);
  const flags = FAST_RECONNECT;
  const [central, ship1, ship2] = await Promise.all([
    startStewardNode({ name: 'central', broker, flags }, scope),
    startStewardNode({ name: 'ship1', broker: link, flags }, scope),
    startStewardNode({ name: 'ship2', broker, flags }, scope),
  ]);
  return { broker, link, central, ship1, ship2 };
});

/**
 * central, which asks, and two ships: ship1 sends over a link that counts its bytes and can be cut. The source is a file
 * of this size, and it and the target are this test's own.
 */
async function setUp(t: TestContext, bytes: number) {
  const { broker, link, central, ship1, ship2 } = await fleet();
  const { path } = await tempFolder(t);
  const source = join(path, 'source');
  const at = join(path, 'in');
  const target = join(at, 'target');
  await makeFile(source, bytes, 0o640);
  const request = copyRequest(source, target, { from: 'ship1', to: 'ship2' });
  const come = async () =>
    (await growing(target))?.size ?? (await stat(target).catch(() => undefined))?.size ?? 0;
  return { broker, link, central, ship1, ship2, source, at, target, request, come };
}

randomTest(
  'a copy goes on after ship, source and broker were killed, and sends no more than 5 % again',
  async (t, { random, share }) => {
    const bytes = share(200 * MB);
    const { broker, link, central, ship1, ship2, source, at, target, request, come } = await setUp(t, bytes);
    const [id] = await submitAll(central, request);
    const before = link.bytes.toServer;
    const log = await killInTurns({
      points: randomPoints(share(2), bytes, random),
      victims: [
        { name: 'the source', restart: () => ship1.restart() },
        { name: 'the target', restart: () => ship2.restart() },
        { name: 'the broker', restart: () => broker.restart() },
      ],
      progress: come,
      random,
    });
    const row = await waitForEnd(central, id!, 60_000);
    assert.equal(row.state, 'succeeded', `${row.reason}; ${log.join(', ')}`);
    await assertSame(target, source);
    assert.equal((await stat(target)).mode & 0o777, 0o640);
    assert.deepEqual(await readdir(at), ['target']);
    const again = (link.bytes.toServer - before - bytes) / bytes;
    assert.ok(again < MOST_AGAIN, `${(again * 100).toFixed(1)} % were sent again; ${log.join(', ')}`);
  },
  // Half of the bytes, and one kill: so much may be sent again of each.
  { pinnedShare: 1 / 4 },
);

test('fault 17: a copy goes on after its link was cut again and again, and at no time is a part of it at the target', async (t) => {
  const bytes = 100 * MB;
  const { link, central, source, target, request } = await setUp(t, bytes);
  const [id] = await submitAll(central, request);
  const before = link.bytes.toServer;
  for (let cut = 0; cut < 3; cut++) {
    link.cutAfter('toServer', 20 * MB);
    await waitFor('the cut', () => !link.isCutPending, { timeoutMs: 30_000 });
    await assert.rejects(stat(target), { code: 'ENOENT' });
  }
  const row = await waitForEnd(central, id!, 60_000);
  assert.equal(row.state, 'succeeded', String(row.reason));
  await assertSame(target, source);
  const again = (link.bytes.toServer - before - bytes) / bytes;
  assert.ok(again < 0.08, `${(again * 100).toFixed(1)} % were sent again in three cuts`);
});

test('a copy to a node that is away waits and sends nothing of the file, and goes when the node is there', async (t) => {
  const { link, central, ship1, ship2, source, target, request } = await setUp(t, 20 * MB);
  await ship2.kill();
  const before = link.bytes.toServer;
  const [id] = await submitAll(central, request);
  await waitFor('the wait to show', () => stateOf(central, id!) === 'running: waiting for ship2');
  assert.ok(link.bytes.toServer - before < 100_000, 'nothing is sent to nobody');
  await ship1.stop();
  await ship1.start();
  await ship2.start();
  const row = await waitForEnd(central, id!, 30_000);
  assert.equal(row.state, 'succeeded', String(row.reason));
  await assertSame(target, source);
});

test('a source that stops in good order goes on with its copy at the next start', async (t) => {
  const bytes = 100 * MB;
  const { link, central, ship1, source, target, request, come } = await setUp(t, bytes);
  const [id] = await submitAll(central, request);
  const before = link.bytes.toServer;
  await waitFor('a part to be there', async () => (await come()) > 15 * MB, { intervalMs: 2 });
  assert.equal((await ship1.stop()).code, 0);
  assert.match(stateOf(central, id!), /^(running|accepted)/);
  await ship1.start();
  const row = await waitForEnd(central, id!, 60_000);
  assert.equal(row.state, 'succeeded', String(row.reason));
  await assertSame(target, source);
  assert.ok(link.bytes.toServer - before < bytes * (1 + MOST_AGAIN));
});

test('a source that changed while its node was away ends the copy', async (t) => {
  const { central, ship1, source, target, request, come } = await setUp(t, 80 * MB);
  const [id] = await submitAll(central, request);
  await waitFor('a part to be there', async () => (await come()) > 15 * MB, { intervalMs: 2 });
  await ship1.kill();
  await makeFile(source, 70 * MB);
  await ship1.start();
  const row = await waitForEnd(central, id!, 30_000);
  assert.equal(row.state, 'failed', String(row.reason));
  assert.match(String(row.reason), /the source file has changed since the copy began/);
  await waitFor('what came to be removed', async () => (await growing(target)) === undefined);
  await assert.rejects(stat(target), { code: 'ENOENT' });
});
