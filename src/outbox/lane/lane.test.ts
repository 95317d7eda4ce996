import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { SentMessage } from '../../../test/support/fake-transport.ts';
import { TestOutbox } from '../../../test/support/test-outbox.ts';
import { HEADER } from '../../message/codec/wire-headers.ts';

const SUBJECT = 'ship1.REQToFileAppend.EventACK';

async function start(t: TestContext) {
  const made = await TestOutbox.start(t);
  return { made, transport: made.transport };
}

function seqs(sent: readonly SentMessage[]): number[] {
  return sent.map(({ seq }) => seq);
}

function counting(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

test('one message is on its way until the node has answered, then up to 512 are', async (t) => {
  const { made, transport } = await start(t);
  const ids = await made.enqueue(600);
  const first = transport.take();
  assert.deepEqual(seqs(first), [1]);
  assert.match(
    first[0]!.reply,
    new RegExp(`^${SUBJECT.replaceAll('.', '\\.')}\\.reply\\.central\\.[0-9a-f]+-\\d+$`),
  );
  assert.equal(first[0]!.headers[HEADER.id], ids[0]);
  assert.match(String(Buffer.from(first[0]!.payload)), /^message \d+$/);
  transport.answer('accepted', first);
  assert.deepEqual(seqs(transport.take()), counting(2, 513));
  assert.deepEqual(made.outbox.depth, { queued: 87, sent: 512 });
});

test('what follows a place that was given up goes once all before it has arrived: earlier it would only be answered with a gap', async (t) => {
  const { made, transport } = await start(t);
  const ids = await made.enqueue(5);
  await made.outbox.undelivered.cancel({ id: ids[2]! }, 'cancelled');
  await made.settled();
  for (const expected of [[1], [2], [4, 5]]) {
    const sent = transport.take();
    assert.deepEqual(seqs(sent), expected);
    assert.equal(sent[0]!.floor, expected[0]);
    transport.answer('accepted', sent);
    await made.settled();
  }
});

test('one answer settles a run of messages, and as many more are sent', async (t) => {
  const { made, transport } = await start(t);
  await made.open();
  await made.enqueue(700);
  const sent = transport.take();
  transport.answer('accepted', sent.slice(0, 130));
  assert.deepEqual(seqs(transport.take()), counting(514, 643));
  await made.settled();
  assert.equal(made.onDisk(), 570);
  assert.equal(made.outbox.length, 570);
  assert.deepEqual(made.states(), { succeeded: 131, queued: 570 });
  assert.deepEqual(
    made.delivered.map(({ count }) => count),
    [1, 130],
  );
  assert.equal(made.ended.length, 131);
});

test('at most 1 MB is on its way, but one message always', async (t) => {
  const { made, transport } = await start(t);
  await made.open();
  await made.enqueue(10, { body: Buffer.alloc(300_000) });
  assert.equal(transport.take().length, 3);
});

test('a message larger than the broker takes goes in pieces, of which 1 MB is on its way', async (t) => {
  const { made, transport } = await start(t);
  await made.open();
  const body = Buffer.from('0123456789'.repeat(200_000));
  await made.enqueue(1, { body });
  const sent = transport.take();
  assert.deepEqual(
    sent.map(({ headers }) => headers[HEADER.part]),
    ['1/8', '2/8', '3/8', '4/8'],
  );
  for (let piece = sent.shift(); piece; piece = sent.shift()) {
    assert.deepEqual(
      Buffer.from(piece.payload),
      body.subarray((Number(piece.headers[HEADER.part]![0]) - 1) * 262_144).subarray(0, 262_144),
    );
    const status = piece.headers[HEADER.part] === '8/8' ? 'accepted' : 'part';
    transport.answer(status, [piece], { [HEADER.part]: piece.headers[HEADER.part]! });
    sent.push(...transport.take());
  }
  await made.settled();
  assert.deepEqual(made.states(), { succeeded: 2 });
});

test('a gap makes the lane send again from the place that is missing', async (t) => {
  const { made, transport } = await start(t);
  await made.open();
  await made.enqueue(5);
  const sent = transport.take();
  transport.answer('accepted', sent.slice(0, 2));
  transport.answer('gap', sent.slice(4), { [HEADER.expects]: '4' });
  const again = transport.take();
  assert.deepEqual(seqs(again), [4, 5, 6]);
  assert.notEqual(again[0]!.reply, sent[0]!.reply, 'answers to the earlier attempt can be told apart');
  transport.answer('gap', sent.slice(3, 4), { [HEADER.expects]: '4' });
  assert.deepEqual(transport.take(), [], 'what was said about the earlier attempt no longer counts');
});

test('a missing place that was given up is bridged by the floor, once all below it is answered', async (t) => {
  const { made, transport } = await start(t);
  // What is to run is given up without a question: a report tells of it.
  const subject = 'ship1.REQCliCommand.CommandACK';
  await made.open({ subject });
  await made.enqueue(1, { subject });
  await made.enqueue(1, { subject, budgetMs: 1000 });
  await made.enqueue(1, { subject });
  const sent = transport.take();
  await made.advance(1500);
  assert.deepEqual(made.states(), { accepted: 1, queued: 2, undelivered: 1 });
  transport.answer('gap', sent.slice(2), { [HEADER.expects]: '3' });
  assert.deepEqual(transport.take(), [], 'the place below is still on its way');
  transport.answer('accepted', sent.slice(0, 1));
  const again = transport.take();
  assert.deepEqual(
    again.map(({ seq, floor }) => [seq, floor]),
    [[4, 4]],
  );
});

test('an answer to an earlier attempt still says what became of the message', async (t) => {
  const { made, transport } = await start(t);
  await made.open();
  await made.enqueue(2);
  const sent = transport.take();
  await made.advance(5000);
  assert.equal(transport.take().length, 1, 'without an answer one message asks');
  transport.answer('accepted', sent);
  await made.settled();
  assert.deepEqual(made.states(), { succeeded: 3 });
  assert.equal(made.onDisk(), 0);
});

test('without an answer within ACKTimeout one message at a time asks, until somebody answers', async (t) => {
  const { made, transport } = await start(t);
  await made.open();
  await made.enqueue(10);
  transport.take();
  await made.advance(4500);
  assert.deepEqual(transport.take(), []);
  await made.advance(500);
  assert.deepEqual(seqs(transport.take()), [2]);
  await made.advance(5000);
  const again = transport.take();
  assert.deepEqual(seqs(again), [2]);
  assert.equal(made.missed, 2);
  const row = made.store.get<{ state: string; attempts: number }>(
    "SELECT state, attempts FROM ledger WHERE state = 'sent'",
  );
  assert.equal(row?.attempts, 2);
  transport.answer('accepted', again);
  assert.deepEqual(seqs(transport.take()), counting(3, 11));
});

test('a node that is away is asked after 0.5, 1, 2 ... s, up to ACKTimeout', async (t) => {
  const { made, transport } = await start(t);
  await made.enqueue(3);
  const times: number[] = [];
  let elapsed = 0;
  for (; elapsed < 20_000; elapsed += 100) {
    for (const message of transport.take()) {
      assert.equal(message.seq, 1);
      times.push(elapsed);
      transport.nobodyListens(message);
    }
    await made.advance(100, 100);
  }
  assert.deepEqual(times, [0, 500, 1500, 3500, 7500, 12500, 17500]);
});

test('a sign of life wakes the lanes that wait for a node', async (t) => {
  const { made, transport } = await start(t);
  await made.enqueue(1);
  for (let count = 0; count < 4; count++) {
    transport.nobodyListens(transport.take()[0]!);
    await made.advance(500 * 2 ** count);
  }
  transport.nobodyListens(transport.take()[0]!);
  assert.deepEqual(transport.take(), []);
  made.outbox.peers.alive('ship2');
  assert.deepEqual(transport.take(), []);
  made.outbox.peers.alive('ship1');
  assert.equal(transport.take().length, 1);
});

test('a busy node is left alone for 0.5, 1, 2 ... s, and a sign of life does not change that', async (t) => {
  const { made, transport } = await start(t);
  await made.open();
  await made.enqueue(3);
  for (const pause of [500, 1000, 2000, 4000]) {
    const sent = transport.take();
    assert.deepEqual(seqs(sent), pause === 500 ? [2, 3, 4] : [2], `before the pause of ${pause} ms`);
    transport.answer('busy', sent.slice(0, 1), { [HEADER.reason]: 'its disk is full' });
    // What was sent together with it is answered too, and says no more than that the first one is missing.
    if (sent.length > 1) transport.answer('gap', sent.slice(1), { [HEADER.expects]: '2' });
    made.outbox.peers.alive('ship1');
    await made.advance(pause - 100, 100);
    assert.deepEqual(transport.take(), []);
    await made.advance(100);
  }
  transport.answer('accepted', transport.take());
  transport.answer('accepted', transport.take());
  await made.settled();
  assert.deepEqual(made.states(), { succeeded: 4 });
});

test('a refused message ends with the reason, and the others go on', async (t) => {
  const { made, transport } = await start(t);
  await made.open();
  await made.enqueue(3);
  const sent = transport.take();
  transport.answer('rejected', sent.slice(0, 1), { [HEADER.reason]: 'no such folder' });
  transport.answer('expired', sent.slice(1, 2), { [HEADER.reason]: 'too late' });
  transport.answer('accepted', sent.slice(2));
  await made.settled();
  assert.deepEqual(made.states(), { succeeded: 2, rejected: 1, expired: 1 });
  assert.deepEqual(
    made.ended.slice(1).map(({ state, reason }) => [state, reason]),
    [
      ['rejected', 'no such folder'],
      ['expired', 'too late'],
      ['succeeded', null],
    ],
  );
  assert.equal(made.outbox.length, 0);
});

test('a duplicate in answer to a first attempt begins a new epoch, in which nothing is skipped', async (t) => {
  const { made, transport } = await start(t);
  await made.enqueue(5);
  const [first] = transport.take();
  transport.answer('duplicate', [first!]);
  await made.settled();
  const again = transport.take();
  assert.equal(again[0]!.headers[HEADER.id], first!.headers[HEADER.id]);
  assert.notEqual(again[0]!.epoch, first!.epoch);
  transport.answer('accepted', again);
  await made.settled();
  const rest = transport.take();
  if (again.length === 1) transport.answer('accepted', rest);
  await made.settled();
  assert.deepEqual(made.states(), { succeeded: 5 });
  assert.equal(made.onDisk(), 0);
});

test('a duplicate in answer to a later attempt means that it was taken', async (t) => {
  const { made, transport } = await start(t);
  await made.open();
  await made.enqueue(1);
  const [first] = transport.take();
  await made.advance(5000);
  transport.answer('duplicate', transport.take());
  await made.settled();
  assert.deepEqual(made.states(), { succeeded: 2 });
  assert.ok(first);
});

test('a place that another message holds begins a new epoch, on any attempt', async (t) => {
  const { made, transport } = await start(t);
  await made.open();
  await made.enqueue(1);
  const [first] = transport.take();
  await made.advance(5000);
  transport.answer('duplicate', transport.take(), { [HEADER.seenId]: 'another' });
  await made.settled();
  const again = transport.take();
  assert.notEqual(again[0]?.epoch, first?.epoch);
  transport.answer('accepted', [first!]);
  await made.settled();
  assert.deepEqual(
    made.states(),
    { succeeded: 1, sent: 1 },
    'answers about the epoch before no longer count',
  );
});

test('an ACKTimeout of years does not make the lane spin', async (t) => {
  const { made, transport } = await start(t);
  await made.enqueue(1, { ackTimeoutMs: 2 ** 40 });
  assert.equal(transport.take().length, 1);
  await made.advance(60_000, 10_000);
  assert.deepEqual([transport.take().length, made.missed], [0, 0]);
});
