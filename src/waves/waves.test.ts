import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { FakeOperations } from '../../test/support/fake-operations.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import type { WavesOrder } from '../contract/waves.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { newId } from '../lib/new-id.ts';
import type { RunPlan } from './run-plan.ts';
import { Waves } from './waves.ts';

const NAMES = ['a', 'b', 'c', 'd'];
const MESSAGE = { method: 'REQCliCommand', methodArgs: ['true'] };
const ORDER: WavesOrder = { targets: NAMES, message: MESSAGE, batch: '2' };
const GOING = { targets: 4, isOver: false, stopped: null };

/** Waves over a fleet that is made up, whose node can be started anew: what is on disk stays. */
function scene(t: TestContext) {
  const desk = new FakeOperations(NAMES);
  const plans = new Map<string, RunPlan>();
  const asked: string[] = [];
  const warnings: string[] = [];
  const ids = new Map<string, string>();
  const link = { isConnected: true };
  desk.onSubmitted = ({ id, node }) => {
    asked.push(node);
    ids.set(node, id);
  };
  const start = (clock: Clock = systemClock) => {
    const waves = new Waves({
      ...{ operations: desk, clock, isConnected: () => link.isConnected },
      logger: { warn: (_, text) => warnings.push(text) },
      kept: {
        open: async () => [...plans].flatMap(([batch, { isOver }]) => (isOver ? [] : [batch])),
        planOf: async (batch) => plans.get(batch),
        keep: async (batch, plan) => {
          await desk.planBatch(batch, plan);
          plans.set(batch, plan);
        },
      },
    });
    t.after(() => waves[Symbol.asyncDispose]());
    return waves;
  };
  const end = (node: string, state: 'succeeded' | 'failed' = 'succeeded') => desk.move(ids.get(node)!, state);
  const askedAre = (...nodes: string[]) =>
    waitFor(`${nodes}`, () => asked.join() === nodes.join() && nodes.every((node) => ids.has(node)));
  t.after(() => assert.deepEqual(warnings, []));
  return { desk, plans, asked, warnings, link, start, end, askedAre, batch: newId() };
}

test('a node that dies in the middle of a wave goes on where it was, and asks nobody twice', async (t) => {
  const { start, end, askedAre, plans, batch } = scene(t);
  const before = start();
  assert.deepEqual(await before.start(batch, ORDER), GOING);
  await askedAre('a', 'b');
  end('a');
  await before[Symbol.asyncDispose]();
  end('b');
  await start().resume();
  await askedAre('a', 'b', 'c', 'd');
  await waitFor('the end', () => plans.get(batch)?.isOver === true);
  assert.equal(plans.get(batch)?.stopped, undefined);
});

test('where it is not remembered any more who had a turn, nobody gets one', async (t) => {
  const { start, askedAre, plans, desk, batch } = scene(t);
  const before = start();
  await before.start(batch, ORDER);
  await askedAre('a', 'b');
  await before[Symbol.asyncDispose]();
  const { batch: whole } = desk;
  desk.batch = async (id) => ({ ...(await whole(id, {})), total: 3 });
  await start().resume();
  await waitFor('the stop', () => plans.get(batch)?.isOver === true);
  assert.match(plans.get(batch)!.stopped!, /^1 of its requests are not remembered any more/);
});

test('an order that comes twice is one', async (t) => {
  const { start, askedAre, asked, batch } = scene(t);
  const waves = start();
  assert.deepEqual(await Promise.all([waves.start(batch, ORDER), waves.start(batch, ORDER)]), [GOING, GOING]);
  assert.deepEqual(await waves.start(batch, ORDER), GOING);
  await askedAre('a', 'b');
  assert.equal(asked.length, 2);
  const other = { ...ORDER, message: { ...MESSAGE, methodArgs: ['false'] } };
  await assert.rejects(waves.start(batch, other), { code: 'bad-request', message: /has another message/ });
});

test('whose request cannot be stored for a while does not lose its turn', async (t) => {
  const { start, askedAre, plans, desk, batch, warnings, end } = scene(t);
  const { submit } = desk;
  const reason = 'not accepted: the disk is full';
  desk.submit = async (text, options) => {
    if (options.dryRun) return submit(text, options);
    desk.submit = submit;
    return { accepted: [], refused: [{ index: 0, field: null, reason }], warnings: [] };
  };
  await start().start(batch, ORDER);
  await askedAre('a', 'b');
  end('a');
  end('b');
  await askedAre('a', 'b', 'c', 'd');
  await waitFor('the end', () => plans.get(batch)?.isOver === true);
  assert.equal(plans.get(batch)?.refused, undefined);
  assert.equal(warnings.splice(0).length, 1);
});

test('who cancels a batch, or fails in it, keeps the others from having their turn', async (t) => {
  const { start, end, askedAre, plans, asked, batch } = scene(t);
  const waves = start();
  await waves.start(batch, ORDER);
  await askedAre('a', 'b');
  await waves.stop(batch, 'it was cancelled');
  end('a');
  end('b');
  assert.deepEqual([plans.get(batch)?.isOver, plans.get(batch)?.stopped], [true, 'it was cancelled']);
  const other = newId();
  await waves.start(other, { ...ORDER, canary: 1 });
  await waitFor('the canary', () => asked.length === 3);
  end('a', 'failed');
  await waitFor('the stop', () => plans.get(other)?.isOver === true);
  assert.deepEqual([asked, plans.get(other)?.stopped], [['a', 'b', 'a'], 'a canary failed']);
});

test('waves go on whose end could not be written down', async (t) => {
  const { start, end, askedAre, desk, batch } = scene(t);
  const waves = start();
  await waves.start(batch, ORDER);
  await askedAre('a', 'b');
  const { planBatch } = desk;
  desk.planBatch = () => Promise.reject(new Error('the disk is full'));
  await assert.rejects(waves.stop(batch, 'it was cancelled'), /the disk is full/);
  desk.planBatch = planBatch;
  for (const node of ['a', 'b']) end(node);
  await askedAre(...NAMES);
});

test('an order that comes again after its batch was cancelled does not begin it again, and one to go on does', async (t) => {
  const { start, end, askedAre, asked, batch } = scene(t);
  const waves = start();
  await waves.start(batch, ORDER);
  await askedAre('a', 'b');
  await waves.stop(batch, 'it was cancelled');
  end('a');
  end('b');
  const stopped = { ...GOING, isOver: true, stopped: 'it was cancelled' };
  assert.deepEqual(await waves.start(batch, ORDER), stopped);
  assert.deepEqual(await start().start(batch, ORDER), stopped);
  assert.equal(asked.length, 2);
  assert.deepEqual(await waves.start(batch, { ...ORDER, resume: true }), GOING);
  await askedAre('a', 'b', 'c', 'd');
});

test('a fault that lasts is logged once a minute, however often the waves are tried', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { start, desk, batch, warnings } = scene(t);
  let now = 0;
  let tries = 0;
  const after = (ms: number, task: () => void) => {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  };
  desk.requests = async () => {
    tries++;
    throw new Error('the disk is full');
  };
  await start({ ...systemClock, steadyNow: () => now, after }).start(batch, ORDER);
  for (; now < 150_000; now += 1000) {
    t.mock.timers.tick(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(tries > 100);
  assert.equal(warnings.splice(0).length, 3);
});

test('while the node itself has no link nobody gets a turn', async (t) => {
  const { start, end, askedAre, link, asked, desk, batch } = scene(t);
  await start().start(batch, ORDER);
  await askedAre('a', 'b');
  link.isConnected = false;
  end('a');
  end('b');
  // Something new has the run look again.
  desk.addNode('c', { presence: 'unknown' });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(asked.length, 2);
  link.isConnected = true;
  await askedAre('a', 'b', 'c', 'd');
});

test('what cannot be is refused before anything begins', async (t) => {
  const { start, asked, plans, desk, batch } = scene(t);
  const [method] = desk.methodList;
  desk.methodList.push({ ...method!, name: 'REQHello', kind: 'EventNACK' });
  const wrong: [Partial<WavesOrder>, RegExp, string?][] = [
    [{ targets: ['nobody'] }, /no node nobody is known/],
    [{ targets: [] }, /mean no node/],
    [{ batch: 'some' }, /batch "some" is no number of nodes: write it as 10 or 10%/],
    [{ batch: '0' }, /batch "0" is no number/],
    [{ message: { method: 'REQHello' } }, /nobody answers REQHello: it cannot go in waves/],
    [{ message: { ...MESSAGE, TONODE: 'e' } }, /TONODE: the targets of waves are in targets alone/],
    [{}, /must be a UUIDv7/, 'x'],
  ];
  for (const [order, message, id = batch] of wrong)
    await assert.rejects(start().start(id, { ...ORDER, ...order }), { code: 'bad-request', message });
  assert.deepEqual([asked, plans.size], [[], 0]);
});
