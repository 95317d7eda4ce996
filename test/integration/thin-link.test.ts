import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { copyRequest } from '../support/copying.ts';
import { FAST_RECONNECT, ledgerRow, submitAll, waitForEnd } from '../support/fleet.ts';
import { startStewardNode } from '../support/node.ts';
import { startSlowLink } from '../support/slow-link.ts';
import { waitFor } from '../support/wait-for.ts';

const LARGE_BYTES = 120_000;

test('over 200 kbit/s a large message survives cuts without beginning again, a small one does not wait for it, and a copy sends only what is new', async (t) => {
  const broker = await startBroker(t);
  const link = await startSlowLink(broker, { bitsPerSecond: 200_000, rttMs: 200 }, t);
  const central = await startStewardNode({ name: 'central', broker, flags: FAST_RECONNECT }, t);
  const ship1 = await startStewardNode({ name: 'ship1', broker: link, flags: FAST_RECONNECT }, t);
  const message = (fileName: string, data: string) => ({
    ...{ toNode: 'ship1', method: 'REQToFile', directory: 'd', fileName, data: [data] },
  });
  const [first] = await submitAll(central, message('first', 'x'));
  await waitForEnd(central, first!);
  const before = link.total;
  const text = randomBytes(LARGE_BYTES).toString('base64').slice(0, LARGE_BYTES);
  const [large] = await submitAll(central, message('large', text));
  for (const share of [0.25, 0.5]) {
    await waitFor('a part of it', () => link.bytes.toClient > before + share * LARGE_BYTES * 0.75, {
      timeoutMs: 30_000,
    });
    link.cut();
  }
  const small = { ...message('small', 'y'), method: 'REQToFileAppend' };
  const [meanwhile] = await submitAll(central, small);
  await waitForEnd(central, meanwhile!, 30_000);
  assert.equal(await ship1.waitForFile('d/ship1/small'), 'y');
  await waitForEnd(central, large!, 60_000);
  assert.equal(await ship1.waitForFile('d/ship1/large'), text);
  // Compressed, and of each cut no more than what was on its way; from the beginning it would be twice as much.
  const taken = link.total - before;
  assert.ok(taken < 1.6 * LARGE_BYTES, `${taken} bytes for ${LARGE_BYTES}`);
  // A copy sends no more than what its target has not.
  const old = randomBytes(600_000);
  const target = join(ship1.folder, 'target');
  const source = join(central.folder, 'source');
  await writeFile(target, old);
  const content = Buffer.concat([randomBytes(40_000), old.subarray(0, 500_000), randomBytes(40_000)]);
  await writeFile(source, content);
  const total = link.total;
  const [copy] = await submitAll(central, copyRequest(source, target));
  await waitFor('the copy to be under way', () => link.total > total + 15_000, { timeoutMs: 30_000 });
  link.cut();
  // Somebody does not wait, and gives the command again: that waits for the first one, and finds all of it there.
  const [again] = await submitAll(central, copyRequest(source, target));
  for (const one of [copy, again]) assert.equal((await waitForEnd(central, one!, 60_000)).state, 'succeeded');
  assert.ok(content.equals(await readFile(target)));
  assert.ok(link.total - total < 150_000, `${link.total - total} bytes for 80,000 that are new`);
});

test('what is urgent waits for no more of a thin link than what is out, however much bulk there is', async (t) => {
  const broker = await startBroker(t);
  const link = await startSlowLink(broker, { bitsPerSecond: 200_000, rttMs: 200 }, t);
  const central = await startStewardNode({ name: 'central', broker }, t);
  await startStewardNode({ name: 'ship1', broker: link }, t);
  const message = (method: string, data: string) => ({
    ...{ toNode: 'ship1', method, directory: 'd', fileName: method, data: [data] },
  });
  const text = () => randomBytes(LARGE_BYTES).toString('base64');
  const lanes = ['REQToFile', 'REQToFileAppend'];
  const bulk = await submitAll(
    central,
    lanes.map((method) => message(method, text())),
  );
  const begun = link.bytes.toClient + LARGE_BYTES / 4;
  await waitFor('bulk to be under way', () => link.bytes.toClient > begun, { timeoutMs: 60_000 });
  const before = link.bytes.toClient;
  const [urgent] = await submitAll(central, { toNode: 'ship1', method: 'REQPing' });
  await waitForEnd(central, urgent!, 60_000);
  const meanwhile = link.bytes.toClient - before;
  const left = lanes.length * LARGE_BYTES * 0.75;
  // Two seconds of the link, the part that was begun, and what came while the answer was on its way.
  assert.ok(meanwhile < 5 * 25_000, `${meanwhile} bytes went before it, of ${left}`);
  assert.ok(
    bulk.some((id) => ledgerRow(central, id)?.ended_at === null),
    'bulk is still under way',
  );
});
