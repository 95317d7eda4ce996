import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { disposeAfter } from '../../test/support/dispose-after.ts';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { failingStore, tempStore } from '../../test/support/temp-store.ts';
import { Quotas } from './quotas.ts';

const LIMITS = { bytesPerDay: 1000, filesPerDay: 2, waiting: 3 };

async function setUp(t: TestContext) {
  const [store, clock] = [await tempStore(t), new ManualClock()];
  let waiting = 0;
  const open = () =>
    disposeAfter(
      t,
      new Quotas(LIMITS, { store, clock, countWaiting: () => waiting, logger: { warn: () => {} } }),
    );
  let place = 1;
  const load = (bytes: number, file?: string) => ({
    place: `1/${place++}`,
    bytes,
    ...(file !== undefined && { file }),
  });
  return {
    clock,
    open,
    load,
    wait: (count: number) => {
      waiting = count;
    },
  };
}

test('what a node is answerable for is taken whatever is left, and its next request waits', async (t) => {
  const { open, load } = await setUp(t);
  const quotas = open();
  assert.equal(quotas.take('ship1', { ...load(800), isOwed: true }), undefined);
  assert.equal(quotas.take('ship1', { ...load(800), isOwed: true }), undefined);
  assert.match(quotas.take('ship1', { ...load(1), isRequest: true })!, /quotaMB/);
  assert.match(quotas.take('ship1', load(1))!, /quotaMB/);
});

test('folders count as files do', async (t) => {
  const { open, load } = await setUp(t);
  const quotas = open();
  assert.match(quotas.take('ship1', load(1, 'a/b/c'))!, /quotaFiles/);
  assert.equal(quotas.take('ship1', load(1, 'a/b')), undefined);
  assert.equal(quotas.take('ship1', load(1, 'a/b')), undefined, 'to a file that was begun already');
  assert.match(quotas.take('ship1', load(1, 'a/c'))!, /quotaFiles/);
});

test('a node that has used its share waits until tomorrow, with the reason, and no other node does', async (t) => {
  const { clock, open, load } = await setUp(t);
  const quotas = open();
  assert.equal(quotas.take('ship1', load(600, 'a')), undefined);
  assert.match(
    quotas.take('ship1', load(600, 'a'))!,
    /ship1 has used its share here, 1\.0 kB a day .* \(quotaMB\)/,
  );
  assert.equal(quotas.take('ship1', load(400, 'b')), undefined);
  assert.match(quotas.take('ship1', load(0, 'c'))!, /2 new files and folders a day .* \(quotaFiles\)/);
  assert.equal(quotas.take('ship1', load(0, 'a')), undefined, 'to a file that was begun already');
  assert.equal(quotas.take('ship2', load(1000, 'c')), undefined);
  await quotas[Symbol.asyncDispose]();
  const next = open();
  assert.match(next.take('ship1', load(1))!, /quotaMB/, 'also after a restart');
  clock.setBy(86_400_000);
  assert.equal(next.take('ship1', load(1000)), undefined);
});

test('a message that comes again counts once, and requests count as long as they wait', async (t) => {
  const { clock, open, load, wait } = await setUp(t);
  const quotas = open();
  const one = load(900);
  for (let times = 0; times < 3; times++) assert.equal(quotas.take('ship1', one), undefined);
  const request = () => quotas.take('ship1', { ...load(0), isRequest: true });
  assert.deepEqual([request(), request(), request()], [undefined, undefined, undefined]);
  assert.match(request()!, /3 requests that wait \(quotaWaiting\)/);
  await clock.advance(2000);
  assert.equal(request(), undefined, 'none waits any more');
  wait(3);
  await clock.advance(2000);
  assert.match(request()!, /quotaWaiting/);
});

test('what could not be written down is written when it can be', async (t) => {
  const [store, clock] = [await tempStore(t), new ManualClock()];
  let isFull = true;
  const deps = { clock, countWaiting: () => 0, logger: { warn: () => {} } };
  await using quotas = new Quotas(LIMITS, { ...deps, store: failingStore(store, () => isFull) });
  quotas.take('ship1', { place: '1/1', bytes: 700 });
  await clock.advance(6000);
  const saved = () => store.all<{ bytes: number }>('SELECT bytes FROM quotas');
  assert.deepEqual(saved(), []);
  isFull = false;
  await clock.advance(6000);
  assert.deepEqual(
    saved().map(({ bytes }) => bytes),
    [700],
  );
});
