import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failingStore, tempStore } from '../../test/support/temp-store.ts';
import { TestOutbox } from '../../test/support/test-outbox.ts';
import { HEADER } from '../message/codec/wire-headers.ts';
import { END_IN_REPLY } from '../message/end-in-reply.ts';
import { statement } from '../store/store.ts';

const MAX_RETRIES = /^max retries reached, check if node is up/;

test('a message is on disk, in outbox and ledger, when it is accepted', async (t) => {
  const made = await TestOutbox.start(t);
  await made.enqueue(3, { batch: 'b1' });
  assert.equal(made.onDisk(), 3);
  assert.deepEqual(made.states(), { queued: 3 });
  assert.deepEqual(made.outbox.depth, { queued: 2, sent: 1 });
});

test('messages and the statements alongside are stored together or not at all', async (t) => {
  const made = await TestOutbox.start(t);
  const faulty = {
    sql: 'INSERT INTO meta VALUES (?, ?)',
    rows: [
      ['a', 'b'],
      ['a', 'b'],
    ],
  };
  const message = {
    ...{ id: 'x', batch: null, subject: 's.REQHello.EventNACK', format: { serial: '', cmp: '' } as const },
    ...{ body: Buffer.from('x'), ackTimeoutMs: 1000 },
  };
  await assert.rejects(made.outbox.enqueue([message], [faulty]), { name: 'StoreError' });
  await made.settled();
  assert.deepEqual([made.onDisk(), made.outbox.length, made.transport.sent.length], [0, 0, 0]);
  await made.outbox.enqueue([message]);
  await made.settled();
  assert.deepEqual(
    made.transport.take().map(({ seq, floor }) => [seq, floor]),
    [[2, 2]],
  );
});

test('lanes do not wait for one another', async (t) => {
  const made = await TestOutbox.start(t);
  await made.enqueue(1);
  await made.enqueue(1, { subject: 'ship2.REQToFileAppend.EventACK' });
  await made.enqueue(1, { subject: 'ship1.REQCliCommand.CommandACK' });
  assert.equal(made.transport.take().length, 3);
});

test('a message whose budget is over ends as undelivered, with the words of the reference', async (t) => {
  const made = await TestOutbox.start(t);
  await made.enqueue(1, { budgetMs: 10_000 });
  await made.advance(9500);
  assert.equal(made.ended.length, 0);
  await made.advance(1000);
  assert.deepEqual(
    made.ended.map(({ state }) => state),
    ['undelivered'],
  );
  assert.match(made.ended[0]!.reason!, MAX_RETRIES);
  assert.deepEqual([made.states(), made.onDisk(), made.outbox.length], [{ undelivered: 1 }, 0, 0]);
});

test('a budget does not run while the target keeps answering, and goes on when it falls silent', async (t) => {
  const made = await TestOutbox.start(t);
  await made.open();
  await made.enqueue(6, { budgetMs: 5000 });
  const sent = made.transport.take();
  for (const one of sent.slice(0, 4)) {
    await made.advance(2500);
    made.transport.answer('accepted', [one]);
    await made.settled();
  }
  assert.deepEqual(made.states(), { succeeded: 5, queued: 2 }, 'after 10 s');
  await made.advance(4500);
  assert.deepEqual(made.states(), { succeeded: 5, queued: 2 });
  await made.advance(45_000);
  assert.deepEqual(made.states(), { succeeded: 5, undelivered: 2 });
});

test('only time with a broker counts for a budget', async (t) => {
  const made = await TestOutbox.start(t);
  await made.enqueue(1, { budgetMs: 5000 });
  await made.advance(2000);
  made.transport.isConnected = false;
  made.outbox.disconnected();
  await made.advance(3_600_000, 600_000);
  assert.deepEqual(made.states(), { queued: 1 });
  made.transport.isConnected = true;
  made.outbox.connected();
  await made.advance(2500);
  assert.equal(made.ended.length, 0);
  await made.advance(1000);
  assert.deepEqual(made.states(), { undelivered: 1 });
});

test('a thousand for a dead node are given up together, each once, and none is sent later', async (t) => {
  const made = await TestOutbox.start(t);
  const ids = await made.enqueue(1000, { budgetMs: 5000 });
  await made.advance(6000);
  assert.deepEqual(made.ended.map(({ id }) => id).sort(), [...ids].sort());
  assert.deepEqual([made.states(), made.onDisk()], [{ undelivered: 1000 }, 0]);
  assert.deepEqual([made.outbox.length, made.outbox.inMemory], [0, 0]);
  made.transport.take();
  await made.advance(20_000);
  assert.deepEqual(made.transport.take(), []);
});

test('a message that expires is not delivered any more, with or without a broker', async (t) => {
  const made = await TestOutbox.start(t);
  made.transport.isConnected = false;
  made.outbox.disconnected();
  await made.enqueue(700, { expiresInMs: 5000 });
  await made.advance(6000);
  assert.deepEqual([made.states(), made.outbox.length], [{ expired: 700 }, 0]);
  made.transport.isConnected = true;
  made.outbox.connected();
  assert.deepEqual(made.transport.take(), []);
});

test('what is older than messageTTL ends, however much of it lies on disk, also without a broker', async (t) => {
  const made = await TestOutbox.start(t, { messageTtlMs: 60_000 });
  made.transport.isConnected = false;
  made.outbox.disconnected();
  await made.enqueue(1500);
  await made.advance(70_000, 1000);
  assert.deepEqual([made.states(), made.outbox.length], [{ expired: 1500 }, 0]);
  assert.match(made.ended[0]!.reason!, /messageTTL, 60 s/);
});

test('an answer that comes after the sender gave up corrects the state', async (t) => {
  const made = await TestOutbox.start(t);
  await made.enqueue(1, { budgetMs: 1000 });
  const sent = made.transport.take();
  await made.advance(2000);
  assert.deepEqual(made.states(), { undelivered: 1 });
  made.transport.answer('accepted', sent);
  await made.settled();
  assert.deepEqual(made.states(), { succeeded: 1 });
  assert.equal(made.outbox.length, 0);
});

test('after a restart all is sent that was not answered, in order; a duplicate then counts as taken', async (t) => {
  const store = await tempStore(t);
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const first = await TestOutbox.start(t, { store });
  const ids = await first.enqueue(600);
  first.transport.answer('accepted', first.transport.take());
  await first.settled();
  const epoch = first.transport.take()[0]!.epoch;
  await first[Symbol.asyncDispose]();
  const second = await TestOutbox.start(t, { store });
  await second.settled();
  assert.equal(second.outbox.length, 599);
  const [again] = second.transport.take();
  assert.deepEqual([again?.seq, again?.floor, again?.epoch], [2, 2, epoch]);
  assert.equal(again?.headers['Nats-Msg-Id'], ids[1]);
  second.transport.answer('duplicate', [again!]);
  assert.deepEqual(second.transport.take().map(({ seq }) => seq)[0], 3);
  await second.enqueue(1);
  assert.equal(second.outbox.length, 599);
  assert.deepEqual(second.states(), { succeeded: 2, queued: 599 });
});

test('connected time is remembered over a restart', async (t) => {
  const store = await tempStore(t);
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const first = await TestOutbox.start(t, { store });
  await first.enqueue(1, { budgetMs: 10_000 });
  await first.advance(8000);
  await first[Symbol.asyncDispose]();
  const second = await TestOutbox.start(t, { store });
  await second.advance(1500);
  assert.deepEqual(second.states(), { sent: 1 });
  await second.advance(1000);
  assert.deepEqual(second.states(), { undelivered: 1 });
});

test('while outcomes cannot be written nothing is sent, and when they can, nothing is lost', async (t) => {
  const real = await tempStore(t);
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  let isFull = false;
  const store = failingStore(real, (statements) => isFull && statements.length > 0);
  const made = await TestOutbox.start(t, { store });
  await made.enqueue(600, { ackTimeoutMs: 60_000 });
  isFull = true;
  made.transport.answer('accepted', made.transport.take());
  const sent = made.transport.take();
  assert.equal(sent.length, 512);
  await made.settled();
  made.transport.answer('accepted', sent.slice(0, 100));
  await made.advance(3000);
  assert.deepEqual(made.transport.take(), [], 'nothing more is sent');
  assert.deepEqual([made.states(), made.ended.length], [{ queued: 600 }, 1]);
  isFull = false;
  await made.advance(3000);
  assert.deepEqual(made.states(), { succeeded: 101, queued: 499 });
  made.transport.answer('accepted', sent.slice(100));
  for (let more = made.transport.take(); more.length > 0; more = made.transport.take()) {
    made.transport.answer('accepted', more);
  }
  await made.settled();
  assert.deepEqual([made.states(), made.onDisk(), made.ended.length], [{ succeeded: 600 }, 0, 600]);
});

test('times that are not whole, or longer than a life, are stored and sent as whole ones', async (t) => {
  const made = await TestOutbox.start(t);
  await made.enqueue(1, { expiresInMs: 1500.25, ackTimeoutMs: 999.5 });
  assert.match(made.transport.take()[0]!.headers['Steward-Not-After']!, /^\d{13}$/);
  await made.enqueue(1, { expiresInMs: 10 ** 18, budgetMs: 10 ** 17, ackTimeoutMs: 10 ** 18 });
  const rows = made.store.all<Record<string, number>>('SELECT * FROM outbox');
  assert.equal(rows.length, 2);
  await made.advance(2000);
  assert.deepEqual([made.states().expired, made.outbox.length], [1, 1]);
  const last = made.transport.take().at(-1)!;
  assert.deepEqual([last.seq, last.headers['Steward-Not-After']], [2, `${'9'.repeat(14)}8`]);
});

test('an end goes with its reply to a node that named the word, and is taken when that node says so', async (t) => {
  const made = await TestOutbox.start(t);
  const knows = { [HEADER.knows]: `state ${END_IN_REPLY}` };
  const taken: string[] = [];
  const riderOf = (name: string) => ({
    header: `{"id":"${name}"}`,
    taken: statement(`INSERT INTO meta (key, value) VALUES (?, 'taken')`, name),
    onTaken: () => void taken.push(name),
  });
  const headers = () => made.transport.sent.map((sent) => sent.headers[HEADER.end]);
  await made.open();
  await made.enqueue(1, { rider: riderOf('too early') });
  assert.deepEqual(headers(), [undefined], 'the node has not named the word');
  made.transport.answer('accepted', made.transport.take(), knows);
  await made.settled();
  assert.deepEqual(taken, [], 'it went without its end');
  await made.enqueue(1, { rider: riderOf('a') });
  await made.enqueue(1, { rider: riderOf('b') });
  assert.deepEqual(headers(), ['{"id":"a"}', '{"id":"b"}']);
  const [a, b] = made.transport.take();
  made.transport.answer('accepted', [a!], knows);
  await made.settled();
  assert.equal(made.store.get<{ value: string }>(`SELECT value FROM meta WHERE key = 'a'`)?.value, 'taken');
  made.transport.answer('accepted', [b!]);
  await made.settled();
  assert.deepEqual(taken, ['a'], 'a node that no longer names the word has not read the end');
  await made.enqueue(1, { rider: riderOf('c') });
  assert.deepEqual(headers(), [undefined]);
});

test('messages that others follow gather for a moment; one that nothing follows takes them along', async (t) => {
  const made = await TestOutbox.start(t);
  await made.open();
  const sent = () => made.transport.take().map(({ seq }) => seq);
  await made.enqueue(1, { mayWait: true });
  await made.enqueue(1, { mayWait: true });
  assert.deepEqual(sent(), []);
  await made.advance(20, 10);
  assert.deepEqual(sent(), [2, 3]);
  await made.enqueue(1, { mayWait: true });
  assert.deepEqual(sent(), []);
  await made.enqueue(1);
  assert.deepEqual(sent(), [4, 5]);
});
