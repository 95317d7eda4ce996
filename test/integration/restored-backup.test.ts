import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { backUp, restore as restoreBackUp } from '../support/fault-rounds.ts';
import { FAST_RECONNECT, sentOn, startFleet, submitAll, waitForEnd, waitForState } from '../support/fleet.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { ShiftedClock } from '../support/shifted-clock.ts';
import { append, command } from '../support/ship1-messages.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

const APPENDS = 'ship1.REQToFileAppend.EventACK';

test('a sender whose database was restored from a backup loses no new message, and runs no old one again', async (t) => {
  const { central, ship1 } = await startFleet(t);
  const runs = join(ship1.folder, 'runs');
  const expected: number[] = [];
  const send = async (from: number, to: number) => {
    const numbers = Array.from({ length: to - from }, (_, index) => from + index);
    expected.push(...numbers);
    const messages = numbers.flatMap((number) => [appendLine(number), command(`echo ${number} >> ${runs}`)]);
    const ids = await submitAll(central, messages);
    for (const id of ids) assert.equal((await waitForEnd(central, id)).state, 'succeeded', id);
  };
  await send(0, 10);
  await central.stop();
  const backup = join(central.folder, 'backup');
  await cp(central.databaseFolder, backup, { recursive: true });
  await central.start();
  await send(10, 30);
  await central.stop();
  await restore(central, backup);
  await central.start();
  await send(30, 40);
  await send(40, 60);
  const text = expected.map((number) => `${number}\n`).join('');
  assert.equal(await ship1.file('out/ship1/out.log'), text);
  assert.equal(await ship1.file('../runs'), text);
});

test('what was queued in a restored backup and delivered since is not run a second time', async (t) => {
  const { broker, central, ship1 } = await startFleet(t);
  const runs = join(ship1.folder, 'runs');
  const [first] = await submitAll(central, command(`echo first >> ${runs}`));
  assert.equal((await waitForEnd(central, first!)).state, 'succeeded');
  await broker.kill();
  const [old] = await submitAll(central, command(`echo old >> ${runs}`));
  await central.kill();
  const backup = join(central.folder, 'backup');
  await cp(central.databaseFolder, backup, { recursive: true });
  await Promise.all([broker.restart(), central.start()]);
  assert.equal((await waitForEnd(central, old!)).state, 'succeeded');
  await central.kill();
  await restore(central, backup);
  await central.start();
  const [fresh] = await submitAll(central, command(`echo fresh >> ${runs}`));
  assert.equal((await waitForEnd(central, fresh!)).state, 'succeeded');
  assert.equal(await ship1.file('../runs'), 'first\nold\nfresh\n');
  assert.equal((await waitForEnd(central, old!)).state, 'succeeded', 'its report comes once more');
});

test('what is queued after a restore is not lost when the node is restarted before it is delivered', {}, async (t) => {
  const { central, ship1 } = await startFleet(t);
  const [zero] = await submitAll(central, appendLine('zero'));
  assert.equal((await waitForEnd(central, zero!)).state, 'succeeded');
  await central.stop();
  const backup = join(central.folder, 'backup');
  await cp(central.databaseFolder, backup, { recursive: true });
  await central.start();
  const earlier = await submitAll(central, ['one', 'two', 'three'].map(appendLine));
  for (const id of earlier) assert.equal((await waitForEnd(central, id)).state, 'succeeded');
  await central.stop();
  await restore(central, backup);
  await ship1.kill();
  await central.start();
  const [id] = await submitAll(central, appendLine('four'));
  await central.stop();
  await Promise.all([central.start(), ship1.start()]);
  assert.equal((await waitForEnd(central, id!)).state, 'succeeded');
  assert.equal(await ship1.file('out/ship1/out.log'), 'zero\none\ntwo\nthree\nfour\n');
});

for (const isInPlace of [false, true])
  test(`a sender that was restored${isInPlace ? ' in place' : ''} while its clock is behind, and whose first attempt has no answer, calls nothing made that is not`, async (t) => {
    const broker = await startBroker(t);
    const { path: folder } = await tempFolder(t);
    const clock = new ShiftedClock(join(folder, 'clock'));
    const start = (name: string, more: object) =>
      startStewardNode({ name, broker, flags: FAST_RECONNECT, ...more }, t);
    const [central, ship1] = await Promise.all([
      start('central', { folder, env: clock.env }),
      start('ship1', {}),
    ]);
    const send = (...texts: string[]) => submitAll(central, texts.map(appendLine));
    const allEnd = async (ids: readonly string[]) => {
      for (const id of ids) assert.equal((await waitForEnd(central, id, 30_000)).state, 'succeeded', id);
    };
    await allEnd(await send('0'));
    await backUp(central);
    await allEnd(await send('1', '2', '3'));
    ship1.pause();
    await clock.set(-3_600_000);
    await restoreBackUp(central, isInPlace);
    const ids = await send('4', '5', '6');
    await waitFor('a second attempt', () =>
      sentOn(central, APPENDS).some(({ attempts }) => Number(attempts) > 1),
    );
    ship1.resume();
    await allEnd(ids);
    assert.equal(
      await ship1.file('out/ship1/out.log'),
      ['0', '1', '2', '3', '4', '5', '6'].map((n) => `${n}\n`).join(''),
    );
  });

test('a reinstalled receiver goes on where its sender is', async (t) => {
  const { central, ship1 } = await startFleet(t);
  const runs = join(ship1.folder, 'runs');
  for (const word of ['one', 'two']) {
    for (const id of await submitAll(central, [appendLine(word), command(`echo ${word} >> ${runs}`)])) {
      assert.equal((await waitForEnd(central, id)).state, 'succeeded');
    }
  }
  await ship1.kill();
  await rm(ship1.databaseFolder, { recursive: true });
  const queued = await submitAll(central, [appendLine('three'), command(`echo three >> ${runs}`)]);
  await ship1.start();
  const later = await submitAll(central, [appendLine('four'), command(`echo four >> ${runs}`)]);
  for (const id of [...queued, ...later]) assert.equal((await waitForEnd(central, id)).state, 'succeeded');
  assert.equal(await ship1.file('out/ship1/out.log'), 'one\ntwo\nthree\nfour\n');
  assert.equal(await ship1.file('../runs'), 'one\ntwo\nthree\nfour\n');
});

test('a receiver whose database was restored from a backup takes what is new', async (t) => {
  const { central, ship1 } = await startFleet(t);
  const send = async (word: string) => {
    const [id] = await submitAll(central, appendLine(word));
    assert.equal((await waitForEnd(central, id!)).state, 'succeeded');
  };
  await send('one');
  await ship1.stop();
  const backup = join(ship1.folder, 'backup');
  await cp(ship1.databaseFolder, backup, { recursive: true });
  await ship1.start();
  await send('two');
  await ship1.stop();
  await restore(ship1, backup);
  await ship1.start();
  await send('three');
  assert.equal(await ship1.file('out/ship1/out.log'), 'one\ntwo\nthree\n');
});

for (const { how, isInPlace, forgets } of [
  { how: 'as a new file', isInPlace: false, forgets: false },
  { how: 'in place', isInPlace: true, forgets: false },
  { how: 'with the whole machine', isInPlace: true, forgets: true },
])
  test(`a receiver that goes back to a backup, ${how}, runs nothing twice that it had accepted by then`, async (t) => {
    const { central, ship1 } = await startFleet(t);
    const runs = join(ship1.folder, 'runs');
    const ran = (number: number | string) => command(`echo ${number} >> ${runs}; sleep 0.05`);
    const numbers = Array.from({ length: 30 }, (_, number) => number);
    const endless = command(`echo endless >> ${runs}; sleep 1000`);
    const ids = await submitAll(central, [...numbers.map(ran), endless, ran('last')]);
    // A backup from before the last came knows nothing of it: that ends as `lost`.
    await waitFor(
      'all to be there',
      () => ship1.query('SELECT 1 FROM journal').length === numbers.length + 2,
    );
    const open = "SELECT 1 FROM journal WHERE state = 'accepted'";
    assert.ok(ship1.query(open).length > 5, 'most wait');
    await backUp(ship1);
    const [began, last] = ids.splice(-2) as [string, string];
    for (const id of [...ids, last]) assert.equal((await waitForEnd(central, id)).state, 'succeeded', id);
    await waitForState(central, began, 'running');
    const known = sentOn(central, 'ship1.REQCliCommand.CommandACK').map(({ ended_at }) => ended_at);
    await restoreBackUp(ship1, isInPlace, { forgets });
    const [fresh] = await submitAll(central, ran('fresh'));
    assert.equal((await waitForEnd(central, fresh!)).state, 'succeeded');
    const lines = [...numbers, 'endless', 'last', 'fresh'].map((one) => `${one}\n`);
    assert.equal(await ship1.file('../runs'), lines.join(''));
    const end = await waitForEnd(central, began);
    assert.equal(end.state, 'interrupted');
    const after = sentOn(central, 'ship1.REQCliCommand.CommandACK').map(({ ended_at }) => ended_at);
    assert.deepEqual(after.slice(0, 30), known.slice(0, 30), 'no request ends a second time');
    assert.equal(ship1.query("SELECT 1 FROM journal WHERE state IN ('accepted', 'running')").length, 0);
  });

async function restore(node: StewardNode, backup: string): Promise<void> {
  await rm(node.databaseFolder, { recursive: true });
  await cp(backup, node.databaseFolder, { recursive: true });
}

function appendLine(content: number | string): object {
  return append(`${content}\n`);
}
