import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { tempStore } from '../../test/support/temp-store.ts';
import { TestJournal } from '../../test/support/test-journal.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { encodeMessage } from '../message/codec/encode-message.ts';
import { HEADER } from '../message/codec/wire-headers.ts';
import { newMessage } from '../message/message.ts';
import type { Incoming, Outcome } from '../message/method-contract.ts';
import { Perils } from './perils.ts';

const MB = 1024 * 1024;

test('a large message counts once for each end of the node in which it was in hand, and a clean end counts nothing', async (t) => {
  const path = join((await tempFolder(t)).path, 'in-hand');
  const faultAfter = (work: (perils: Perils) => void) => {
    const perils = new Perils(path);
    const fault = perils.faultOf('a', MB);
    work(perils);
    return fault;
  };
  assert.equal(
    faultAfter((perils) => perils.hold('a', MB)),
    undefined,
  );
  assert.equal(
    faultAfter((perils) => void perils.hold('a', MB - 1)),
    undefined,
    'a small one is not noted where somebody kills the node',
  );
  assert.equal(
    faultAfter((perils) => {
      perils.hold('a', MB);
      perils[Symbol.dispose]();
    }),
    undefined,
  );
  assert.equal(
    faultAfter((perils) => perils.hold('a', MB)),
    undefined,
  );
  assert.match(
    faultAfter(() => {}) ?? '',
    /^set aside: this node ended 2 times while it had this message of 1 MB in hand/,
  );
  faultAfter((perils) => perils.hold('a', MB)());
  assert.equal(
    faultAfter(() => {}),
    undefined,
    'one that went well is no peril any more',
  );
});

test('a message in which the node ended twice is set aside, and the lane goes on', async (t) => {
  const path = join((await tempFolder(t)).path, 'in-hand');
  const store = await tempStore(t);
  const never = Promise.withResolvers<Outcome[]>();
  const data = [Buffer.alloc(MB)];
  const life = async (apply?: () => Promise<Outcome[]>) => {
    const perils = new Perils(path);
    const made = await TestJournal.open(t, {
      store,
      perils,
      maxMessageBytes: 4 * MB,
      ...(apply && { apply }),
    });
    made.journal.receive(made.arrival(made.effect, { seq: 1 }, { fields: { data } }), made.effect);
    made.receive(made.effect, { seq: 2 });
    await made.settled();
    return made;
  };
  for (let death = 0; death < 2; death++) assert.deepEqual((await life(() => never.promise)).taken(), []);
  const made = await life();
  await waitFor('the answers', () => made.answers.length === 2);
  assert.match(made.answers[0]?.headers[HEADER.reason] ?? '', /^set aside: this node ended 2 times/);
  assert.deepEqual(made.taken(), ['rejected 1-1', 'accepted 2-2']);
  assert.equal(made.errors.length, 1);
  never.resolve([{ ok: true }, { ok: true }]);
});

test('a small message at which an unexpected error ends the node twice is set aside, and no neighbour with it', async (t) => {
  const path = join((await tempFolder(t)).path, 'in-hand');
  const store = await tempStore(t);
  const poison = 'id-e1-2';
  const never = Promise.withResolvers<Outcome[]>();
  const life = async (ends: boolean) => {
    const perils = new Perils(path);
    const apply = (batch: readonly Incoming[]) => {
      if (!ends || !batch.some(({ id }) => id === poison))
        return Promise.resolve(batch.map(() => ({ ok: true }) as const));
      perils.crashed();
      perils[Symbol.dispose]();
      return never.promise;
    };
    const made = await TestJournal.open(t, { store, perils, apply });
    made.receive(made.effect, { seq: 1 }, { seq: 2 }, { seq: 3 });
    await made.settled();
    return made.taken();
  };
  const lives = [await life(true), await life(true), await life(true)];
  never.resolve([{ ok: true }]);
  // A suspect is taken in hand alone.
  assert.deepEqual(lives, [[], ['accepted 1-1'], ['duplicate 1-1', 'rejected 2-2', 'accepted 3-3']]);
});

test('a message in which the node ended twice while it was unpacked, or put together, is not touched again', async (t) => {
  const path = join((await tempFolder(t)).path, 'in-hand');
  const perils = () => new Perils(path);
  const made = await TestJournal.open(t, { maxMessageBytes: 4 * MB, perils: perils() });
  const large = newMessage({
    toNode: 'ship1',
    fromNode: 'central',
    method: made.effect.name,
    data: [Buffer.alloc(2 * MB)],
  });
  const { payload } = encodeMessage(large, { serialization: 'cbor', compression: 'z' });
  assert.ok(payload.length < 1000);
  const noted: unknown[] = [];
  const apply = async (batch: readonly Incoming[]) => {
    noted.push(JSON.parse(await readFile(path, 'utf8')).held);
    return batch.map(() => ({ ok: true }) as const);
  };
  const packed = await TestJournal.open(t, { maxMessageBytes: 4 * MB, perils: perils(), apply });
  const headers = { serial: 'cbor', cmp: 'z' };
  packed.journal.receive(packed.arrival(packed.effect, { seq: 1 }, { payload, headers }), packed.effect);
  await waitFor('the answer', () => packed.answers.length === 1);
  assert.deepEqual([packed.taken(), noted], [['accepted 1-1'], [['id-e1-1']]]);
  for (let death = 0; death < 2; death++) perils().hold('id-e2-1', MB);
  const again = await TestJournal.open(t, { maxMessageBytes: 4 * MB, perils: perils() });
  const part = { epoch: 'e2', seq: 1, part: `@0/${2 * MB}/0` };
  again.journal.receive(again.arrival(again.effect, part, { payload: Buffer.alloc(1000) }), again.effect);
  await waitFor('the answer', () => again.answers.length === 1);
  assert.match(again.answers[0]?.headers[HEADER.reason] ?? '', /^set aside: .* this message of 2 MB/);
});

test('a journalled request in which the node ended twice ends with the reason', async (t) => {
  const path = join((await tempFolder(t)).path, 'in-hand');
  const store = await tempStore(t);
  const first = await TestJournal.open(t, {
    store,
    maxMessageBytes: 4 * MB,
    run: async () => ({ state: 'succeeded' }),
  });
  await first.journal[Symbol.asyncDispose]();
  const large = first.arrival(first.run, { seq: 1 }, { fields: { data: [Buffer.alloc(MB)] } });
  first.journal.receive(large, first.run);
  await first.settled();
  assert.deepEqual(first.rows(), [{ id: 'id-e1-1', state: 'accepted', reported: 1 }]);
  for (let death = 0; death < 2; death++) new Perils(path).hold('id-e1-1', MB);
  const made = await TestJournal.open(t, { store, maxMessageBytes: 4 * MB, perils: new Perils(path) });
  await waitFor('the report', () => made.reports.length === 1);
  assert.equal(made.reports[0]?.end.state, 'rejected');
  assert.match(made.reports[0]?.end.reason ?? '', /^set aside: this node ended 2 times/);
});

test('a message without an id, as an original node sends it, is known again by its bytes after the ends of the node', async (t) => {
  const path = join((await tempFolder(t)).path, 'in-hand');
  const store = await tempStore(t);
  const never = Promise.withResolvers<Outcome[]>();
  const life = async (text: string, apply?: () => Promise<Outcome[]>) => {
    const options = { store, perils: new Perils(path), maxMessageBytes: 4 * MB, ...(apply && { apply }) };
    const made = await TestJournal.open(t, options);
    const fields = { data: [Buffer.alloc(MB, text)] };
    made.journal.receive(made.arrival(made.effect, { id: '' }, { fields }), made.effect);
    await made.settled();
    return made;
  };
  for (let death = 0; death < 2; death++) await life('a', () => never.promise);
  const made = await life('a');
  const other = await life('b');
  never.resolve([{ ok: true }]);
  assert.deepEqual(
    [made, other].map(({ answers }) => answers.map(({ status }) => status)),
    [['rejected'], ['accepted']],
  );
  assert.match(JSON.stringify(made.errors), /set aside: this node ended 2 times/);
});
