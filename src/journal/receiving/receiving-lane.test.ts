import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempStore } from '../../../test/support/temp-store.ts';
import { TestJournal } from '../../../test/support/test-journal.ts';
import { systemClock } from '../../lib/clock.ts';
import { HEADER } from '../../message/codec/wire-headers.ts';
import type { Method } from '../../methods/method.ts';

test('messages are taken in their order, each once, and one answer speaks for a run of them', async (t) => {
  const applied: string[] = [];
  const made = await TestJournal.open(t, {
    apply: async (batch) => batch.map(({ id }) => ({ ok: applied.push(id) > 0 })) as { ok: true }[],
  });
  made.receive(made.effect, { seq: 1 }, { seq: 2 }, { seq: 3 });
  await made.settled();
  assert.deepEqual(made.taken(), ['accepted 1-3']);
  made.receive(made.effect, { seq: 2 }, { seq: 4 });
  await made.settled();
  assert.deepEqual(made.taken(), ['duplicate 2-2', 'accepted 4-4']);
  assert.deepEqual(applied, ['id-e1-1', 'id-e1-2', 'id-e1-3', 'id-e1-4']);
  assert.equal(made.next(), 5);
});

test('messages that wait on different subjects are answered there', async (t) => {
  const made = await TestJournal.open(t);
  made.receive(made.effect, { seq: 1, reply: 'a' }, { seq: 2, reply: 'a' }, { seq: 3, reply: 'b' });
  await made.settled();
  assert.deepEqual(
    made.answers.map(({ subject, range, headers }) => [subject, range, headers[HEADER.id]]),
    [
      ['a', '1-2', 'id-e1-2'],
      ['b', '3-3', 'id-e1-3'],
    ],
  );
});

test('a place is never skipped, unless the floor says that it will not come', async (t) => {
  const made = await TestJournal.open(t);
  made.receive(made.effect, { seq: 2 });
  assert.equal(made.answers[0]?.headers[HEADER.expects], '1');
  assert.deepEqual(made.taken(), ['gap 2-2']);
  made.receive(made.effect, { seq: 7, floor: 7 }, { seq: 8, floor: 7 });
  await made.settled();
  assert.deepEqual(made.taken(), ['accepted 7-8']);
  assert.equal(made.next(), 9);
});

test('a question that is repeated while the first is under way is answered once, where it was asked last', async (t) => {
  const made = await TestJournal.open(t);
  made.receive(made.effect, { seq: 1, reply: 'first' }, { seq: 1, reply: 'second' });
  await made.settled();
  assert.deepEqual(
    made.answers.map(({ subject, status }) => [subject, status]),
    [['second', 'accepted']],
  );
});

test('a place that another message holds is answered with the id of that message', async (t) => {
  const made = await TestJournal.open(t);
  made.receive(made.run, { seq: 1 });
  made.receive(made.run, { seq: 1, id: 'other' });
  await made.settled();
  made.receive(made.run, { seq: 1, id: 'other' });
  const duplicates = made.answers.filter(({ status }) => status === 'duplicate');
  assert.deepEqual(
    duplicates.map(({ headers }) => headers[HEADER.seenId]),
    ['id-e1-1', 'id-e1-1'],
  );
});

test('what was refused is refused again when it is asked again, after a restart too', async (t) => {
  const store = await tempStore(t);
  const made = await TestJournal.open(t, { store });
  const refuse = (journal: TestJournal) =>
    journal.journal.receive(
      journal.arrival(journal.effect, { seq: 2 }, { fields: { fileName: 'bad' } }),
      journal.effect,
    );
  made.receive(made.effect, { seq: 1 });
  refuse(made);
  made.receive(made.effect, { seq: 3 });
  await made.settled();
  assert.equal(made.answers[1]?.headers[HEADER.reason], 'the name is bad');
  assert.deepEqual(made.taken(), ['accepted 1-1', 'rejected 2-2', 'accepted 3-3']);
  assert.match(made.errors[0]!, /REQToFileAppend: a message from central was rejected: the name is bad/);
  refuse(made);
  assert.deepEqual(made.taken(), ['rejected 2-2']);
  await made[Symbol.asyncDispose]();
  const again = await TestJournal.open(t, { store });
  refuse(again);
  assert.deepEqual(
    again.answers.map(({ status, headers }) => [status, headers[HEADER.reason]]),
    [['rejected', 'the name is bad']],
  );
  again.receive(again.effect, { seq: 4 });
  await again.settled();
  assert.equal(again.next(), 5);
});

test('a message that comes too late is refused as expired', async (t) => {
  const made = await TestJournal.open(t, { clock: { ...systemClock, wallNow: () => 1000 } });
  const late = made.arrival(made.effect, { seq: 1 }, { headers: { [HEADER.notAfter]: '999' } });
  made.journal.receive(late, made.effect);
  await made.settled();
  assert.deepEqual(made.taken(), ['expired 1-1']);
});

test('what asks what became of a message that was called off takes its place, frees its parts, and is no error', async (t) => {
  const made = await TestJournal.open(t);
  made.receive(made.effect, { seq: 1, part: '1/3' });
  const asks = {
    payload: Buffer.from('unreadable'),
    headers: { [HEADER.notAfter]: '1', [HEADER.left]: '9999' },
  };
  const question = () => made.journal.receive(made.arrival(made.effect, { seq: 1 }, asks), made.effect);
  question();
  made.receive(made.effect, { seq: 2 });
  await made.settled();
  assert.deepEqual(made.taken(), ['part 1-1', 'expired 1-1', 'accepted 2-2']);
  assert.deepEqual(made.errors, []);
  // The answer was lost.
  question();
  await made.settled();
  assert.deepEqual(made.taken(), ['expired 1-1']);
});

test('a payload that asks for something else than its subject is refused', async (t) => {
  const made = await TestJournal.open(t);
  for (const [seq, fields] of [
    { method: 'REQCliCommand' },
    { toNode: 'ship2' },
    { fromNode: 'a*b' },
  ].entries()) {
    made.journal.receive(made.arrival(made.effect, { seq: seq + 1 }, { fields }), made.effect);
  }
  await made.settled();
  assert.deepEqual(
    made.answers.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  );
});

test('pieces are put together in their order; one that is missing is asked for', async (t) => {
  const data: string[] = [];
  const made = await TestJournal.open(t, {
    apply: async (batch) =>
      batch.map(({ message }) => {
        data.push(String(Buffer.concat(message.data ?? [])));
        return { ok: true };
      }),
  });
  const text = 'abc'.repeat(1000);
  const whole = made.arrival(made.effect, { seq: 1 }, { fields: { data: [Buffer.from(text)] } }).payload;
  const piece = (index: number, total = 3) => {
    const size = Math.ceil(whole.length / total);
    const payload = whole.subarray((index - 1) * size, index * size);
    made.journal.receive(
      made.arrival(made.effect, { seq: 1, part: `${index}/${total}` }, { payload }),
      made.effect,
    );
  };
  piece(1);
  piece(3);
  piece(2);
  piece(3);
  await made.settled();
  assert.deepEqual(made.taken(), ['part 1-1', 'gap 1-1', 'part 1-1', 'accepted 1-1']);
  assert.deepEqual(data, [text]);
});

test('a message that grows above the limit is refused, and the lane goes on', async (t) => {
  const made = await TestJournal.open(t, { maxMessageBytes: 1024 * 1024 });
  for (const index of [1, 2, 3]) {
    const payload = Buffer.alloc(600_000);
    made.journal.receive(made.arrival(made.effect, { seq: 1, part: `${index}/3` }, { payload }), made.effect);
  }
  made.receive(made.effect, { seq: 2 });
  await made.settled();
  const statuses = made.taken();
  assert.deepEqual([statuses[0], statuses.at(-1)], ['part 1-1', 'accepted 2-2']);
  assert.ok(statuses.includes('rejected 1-1'));
});

test('a message without a place comes from a reference node: it is run as it comes, and answered with its text', async (t) => {
  const made = await TestJournal.open(t);
  made.receive(made.run, {}, {});
  await made.settled();
  assert.deepEqual(
    made.answers.map(({ headers }) => headers),
    [{ [HEADER.status]: 'accepted' }, { [HEADER.status]: 'accepted' }],
  );
  assert.deepEqual(
    made.rows().map(({ state, reported }) => [state, reported]),
    [
      ['succeeded', 1],
      ['succeeded', 1],
    ],
  );
  assert.deepEqual(made.reports, []);
});

test('a place that cannot be read is refused', async (t) => {
  const made = await TestJournal.open(t);
  const arrival = made.arrival(made.run, {}, { headers: { [HEADER.lane]: 'e1/0/x' } });
  made.journal.receive(arrival, made.run);
  assert.deepEqual(
    made.answers.map(({ status }) => status),
    ['rejected'],
  );
  assert.match(made.errors[0]!, /is not <epoch>\/<seq>\/<floor>/);
});

test('a request of a name that nobody has heard of is to come again while replies to many such wait, and then runs', async (t) => {
  let isCrowded = true;
  const made = await TestJournal.open(t, { hasRoomFor: (node) => !isCrowded || node === 'central' });
  const stranger = { fields: { fromNode: 'made-up' } };
  const receive = (method: Method, epoch: string, more?: typeof stranger) =>
    made.journal.receive(made.arrival(method, { seq: 1, epoch }, more), method);
  receive(made.run, 'e1');
  receive(made.run, 'e2', stranger);
  receive(made.effect, 'e3', stranger);
  await made.settled();
  assert.deepEqual(made.taken().sort(), ['accepted 1-1', 'accepted 1-1', 'busy 1-1']);
  isCrowded = false;
  receive(made.run, 'e2', stranger);
  await made.settled();
  assert.deepEqual(
    made.rows().map(({ id, state }) => [id, state]),
    [
      ['id-e1-1', 'succeeded'],
      ['id-e2-1', 'succeeded'],
    ],
  );
});

test('the reports of a large fleet may all come at once, but a flood of lanes that nobody has seen does not fill the memory', async (t) => {
  const made = await TestJournal.open(t);
  const fleet = Array.from({ length: 1500 }, (_, index) => `ship${index}`);
  const receive = (nodes: readonly string[], seq: number) => {
    for (const epoch of nodes)
      made.journal.receive(
        made.arrival(made.effect, { seq, epoch }, { fields: { fromNode: epoch } }),
        made.effect,
      );
  };
  const countBusy = () => made.answers.filter(({ status }) => status === 'busy').length;
  receive(fleet, 1);
  await made.settled();
  const refused = countBusy();
  assert.ok(refused > 0);
  while (made.answers.filter(({ status }) => status === 'accepted').length < fleet.length) {
    const taken = new Set(
      made.answers.filter(({ status }) => status === 'accepted').map(({ headers }) => headers[HEADER.id]),
    );
    receive(
      fleet.filter((epoch) => !taken.has(`id-${epoch}-1`)),
      1,
    );
    await made.settled();
  }
  const before = countBusy();
  receive(fleet, 2);
  await made.settled();
  assert.equal(countBusy(), before);
});
