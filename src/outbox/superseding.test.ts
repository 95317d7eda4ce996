import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { SentMessage } from '../../test/support/fake-transport.ts';
import { tempStore } from '../../test/support/temp-store.ts';
import { TestOutbox } from '../../test/support/test-outbox.ts';
import { HEADER } from '../message/codec/wire-headers.ts';

const [COMMANDS, OTHER] = ['ship1.REQCliCommand.CommandACK', 'ship2.REQCliCommand.CommandACK'];

function ids(sent: readonly SentMessage[]): (string | undefined)[] {
  return sent.map(({ headers }) => headers[HEADER.id]);
}

/** The state of a request, and why. */
function ending(made: TestOutbox, id: string): string {
  const row = made.store.get<{ state: string; reason: string | null }>(
    'SELECT state, reason FROM ledger WHERE id = ?',
    id,
  )!;
  return row.reason === null ? row.state : `${row.state}: ${row.reason}`;
}

/** Queues one command with the key `k`; its id. */
async function ask(made: TestOutbox, more: object = {}): Promise<string> {
  const [id] = await made.enqueue(1, { subject: COMMANDS, supersedes: 'k', ...more });
  return id!;
}

/** An outbox to a ship that is away. */
async function startAway(t: TestContext): Promise<TestOutbox> {
  const made = await TestOutbox.start(t);
  await made.enqueue(1, { subject: COMMANDS });
  made.transport.nobodyListens(made.transport.take()[0]!);
  await made.settled();
  return made;
}

test('of what waits for a node with one key only the newest is sent, over all methods, in the place that it has', async (t) => {
  const made = await startAway(t);
  const old = await ask(made);
  const between = await made.enqueue(1, { subject: COMMANDS });
  const file = await ask(made, { subject: 'ship1.REQToFileAppend.EventACK' });
  made.transport.nobodyListens(made.transport.take().at(-1)!);
  await made.settled();
  const others = [await ask(made, { subject: OTHER }), await ask(made, { supersedes: 'k2' })];
  const newest = await ask(made);
  await made.settled();
  assert.deepEqual(
    [old, file].map((id) => ending(made, id)),
    [`superseded: superseded by ${file}`, `superseded: superseded by ${newest}`],
  );
  assert.deepEqual(
    others.map((id) => ending(made, id)),
    ['queued', 'queued'],
  );
  made.transport.take();
  const sent: (string | undefined)[] = [];
  for (let round = 0; round < 8; round++) {
    await made.advance(1000);
    const some = made.transport.take().filter(({ subject }) => subject === COMMANDS);
    sent.push(...ids(some));
    if (some.length > 0) made.transport.answer('accepted', some);
  }
  assert.deepEqual(sent.slice(-3), [between[0], others[1], newest]);
  assert.equal(sent.includes(old), false);
  assert.equal(made.ended.filter(({ state }) => state === 'superseded').length, 2);
});

test('of one submission with the same key for each the last one counts', async (t) => {
  const made = await startAway(t);
  const all = await made.enqueue(3, { subject: COMMANDS, supersedes: 'k' });
  await made.settled();
  assert.deepEqual(
    all.map((id) => ending(made, id).split(':')[0]),
    ['superseded', 'superseded', 'queued'],
  );
  assert.deepEqual([made.outbox.waitingFor(COMMANDS), made.onDisk()], [2, 2]);
});

test('what is on its way waits for its answer: once it is accepted, its node decides', async (t) => {
  const made = await TestOutbox.start(t);
  const old = await ask(made);
  const sent = made.transport.take();
  const newest = await ask(made);
  assert.deepEqual(ending(made, old), 'queued');
  made.transport.answer('accepted', sent, { [HEADER.knows]: 'supersedes' });
  await made.advance(100, 10);
  assert.deepEqual([ending(made, old), ids(made.transport.take())], ['accepted', [newest]]);
});

test('what may have arrived is given up where its node will report it, and stays where it may be an original one', async (t) => {
  const made = await TestOutbox.start(t);
  const old = await ask(made);
  made.transport.take();
  // Nobody knows yet what node this is.
  const second = await ask(made);
  await made.advance(3000, 100);
  assert.equal(ending(made, old), 'queued');
  made.outbox.peers.heardWords('ship1', 'state supersedes');
  const newest = await ask(made);
  await made.advance(3000, 100);
  assert.deepEqual(
    [old, second].map((id) => ending(made, id)),
    [`superseded: superseded by ${newest}`, `superseded: superseded by ${newest}`],
  );
});

for (const [status, state] of [
  ['duplicate', 'succeeded'],
  ['expired', 'superseded'],
] as const)
  test(`an effect that may have been made is asked for without its data: ${status}`, async (t) => {
    const made = await TestOutbox.start(t);
    await made.open();
    const append = { subject: 'ship1.REQToFileAppend.EventACK' };
    const old = await ask(made, append);
    made.transport.take();
    const newest = await ask(made, append);
    await made.advance(3000, 100);
    assert.equal(ending(made, old), `superseded: superseded by ${newest}`);
    made.transport.take();
    for (let round = 0; round < 6 && made.onDisk() > 0; round++) {
      await made.advance(3000);
      for (const one of made.transport.take()) {
        const isCalledOff = one.headers[HEADER.notAfter] === '1';
        made.transport.answer(isCalledOff ? status : 'accepted', [one]);
        await made.settled();
      }
    }
    assert.deepEqual([ending(made, old).split(':')[0], ending(made, newest)], [state, 'succeeded']);
  });

test('a node that ended between a message and the end of the older one ends that at its start', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const store = await tempStore(t);
  const first = await TestOutbox.start(t, { store });
  first.outbox.peers.heardWords('ship1', 'supersedes');
  const [old] = await first.enqueue(1, { subject: COMMANDS, supersedes: 'k' });
  const [newest] = await first.enqueue(1, { subject: COMMANDS, supersedes: 'not k' });
  first.transport.take();
  await first[Symbol.asyncDispose]();
  await store.write([{ sql: "UPDATE outbox SET supersedes = 'k' WHERE id = ?", rows: [[newest!]] }]);
  const again = await TestOutbox.start(t, { store });
  await again.advance(1000);
  assert.equal(ending(again, old!), `superseded: superseded by ${newest}`);
  assert.deepEqual(ids(again.transport.take()).includes(old), false);
});

for (const [words, key] of [
  ['offset-parts supersedes', 'k'],
  ['offset-parts', undefined],
] as const)
  test(`the key goes to nodes that name the word: ${words}`, async (t) => {
    const made = await TestOutbox.start(t);
    await made.enqueue(1, { subject: COMMANDS });
    made.transport.answer('accepted', made.transport.take(), { [HEADER.knows]: words });
    await made.settled();
    await ask(made);
    assert.equal(made.transport.take().at(-1)?.headers[HEADER.supersedes], key);
  });
