import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { tempStore } from '../../test/support/temp-store.ts';
import { Refusals } from './refusals.ts';

const refused = (sender: string, reason: string) => ({
  sender,
  claimed: sender,
  method: 'REQToFile',
  reason,
});

test('one node that is refused for ever new reasons leaves those of the others to be told', async (t) => {
  const store = await tempStore(t);
  const refusals = new Refusals({ store, clock: new ManualClock(), logger: { warn: () => {} } });
  const told = Array.from({ length: 2000 }, (_, at) => refusals.note(refused('ship1', `reason ${at}`)));
  assert.equal(told.filter(Boolean).length, 100);
  assert.deepEqual(
    [1, 2].map(() => refusals.note(refused('ship2', 'another'))),
    [true, false],
  );
  const [most] = await refusals.list(7);
  assert.deepEqual([most!.sender, most!.reason, most!.count], ['ship1', 'many other kinds', 1900]);
  // However many there are.
  for (let ship = 3; ship < 20; ship++)
    for (let at = 0; at < 100; at++) refusals.note(refused(`ship${ship}`, `reason ${at}`));
  assert.ok((await refusals.list(7)).length <= 520);
  await refusals[Symbol.asyncDispose]();
});

test('a node that is forgotten has proved nothing, also after a restart', async (t) => {
  const store = await tempStore(t);
  const deps = { store, clock: new ManualClock(), logger: { warn: () => {} } };
  const refusals = new Refusals(deps);
  for (const node of ['ship1', 'ship2']) refusals.proved(node);
  await refusals.forget('ship1');
  for (const each of [refusals, new Refusals(deps)])
    assert.deepEqual([each.provers.has('ship1'), each.provers.has('ship2')], [false, true]);
  await refusals[Symbol.asyncDispose]();
});
