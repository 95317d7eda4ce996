import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import type { FakeTransport, SentMessage } from '../../test/support/fake-transport.ts';
import { TestOutbox } from '../../test/support/test-outbox.ts';
import { newId } from '../lib/new-id.ts';
import { answeredAgain, briefAnswer } from '../message/codec/brief.ts';
import { HEADER } from '../message/codec/wire-headers.ts';

const SUBJECT = 'ship1.REQToFileAppend.EventACK';

async function start(t: TestContext) {
  const made = await TestOutbox.start(t);
  return { made, transport: made.transport };
}

function seqs(sent: readonly SentMessage[]): number[] {
  return sent.map(({ seq }) => seq);
}

/** Every subject on which the answers to this node alone could come. */
function refuseOwn(transport: FakeTransport): void {
  const own = ['*.*.*', 'ship1.*.*', SUBJECT].map((subject) => `${subject}.reply.central.*`);
  for (const subject of own) transport.refused.add(subject);
}

test('a reference node gets one message at a time, and its answer is the end of what is known', async (t) => {
  const { made, transport } = await start(t);
  await made.enqueue(3, { subject: 'ship1.REQCliCommand.CommandACK' });
  for (const seq of [1, 2, 3]) {
    const sent = transport.take();
    assert.deepEqual(seqs(sent), [seq]);
    transport.answerPlainly(sent[0]!);
    transport.answerPlainly(sent[0]!);
  }
  await made.settled();
  assert.deepEqual(made.states(), { 'handed-over': 3 });
  assert.match(made.ended[0]!.reason!, /sends no reports/);
});

test('a node that was rolled back to the reference confirms with its n-th plain answer the n-th message', async (t) => {
  const { made, transport } = await start(t);
  await made.open();
  await made.enqueue(5);
  const sent = transport.take();
  assert.deepEqual(seqs(sent), [2, 3, 4, 5, 6]);
  for (const one of sent.slice(0, 3)) transport.answerPlainly(one);
  await made.settled();
  assert.deepEqual(made.states(), { succeeded: 4, queued: 2 });
  assert.deepEqual(transport.take(), [], 'what is on its way is not sent twice');
  // The answer to the fifth is lost: it goes again, alone, and its older answer still counts.
  transport.answerPlainly(sent[3]!);
  await made.advance(5500);
  const again = transport.take();
  assert.deepEqual(seqs(again), [6]);
  await made.enqueue(2);
  transport.answerPlainly(sent[4]!);
  await made.settled();
  const next = transport.take();
  assert.deepEqual(seqs(next), [7]);
  transport.answerPlainly(again[0]!);
  await made.settled();
  assert.deepEqual(transport.take(), [], 'an answer to what is confirmed already confirms nothing else');
  transport.answerPlainly(next[0]!);
  assert.deepEqual(seqs(transport.take()), [8]);
});

test('plain answers that come late do not make an upgraded node one of the reference again', async (t) => {
  const { made, transport } = await start(t);
  await made.enqueue(3);
  const [first] = transport.take();
  await made.advance(5500);
  transport.answer('accepted', transport.take());
  await made.settled();
  transport.answerPlainly(first!);
  await made.settled();
  assert.deepEqual(seqs(transport.take()), [2, 3]);
  await made.enqueue(2);
  assert.deepEqual(seqs(transport.take()), [4, 5], 'several are on their way at once');
});

test('what a reference node cannot put together is refused', async (t) => {
  const { made, transport } = await start(t);
  await made.enqueue(1);
  transport.answerPlainly(transport.take()[0]!);
  await made.enqueue(1, { body: randomBytes(2_000_000) });
  await made.enqueue(1);
  await made.settled();
  assert.equal(made.states().rejected, 1);
  assert.match(made.ended.at(-1)!.reason!, /2000000 bytes are more than the broker takes at once/);
  assert.deepEqual(seqs(transport.take()), [3]);
});

test('what is too large for a reference node is compressed, where that makes it small enough', async (t) => {
  const { made, transport } = await start(t);
  await made.enqueue(1);
  transport.answerPlainly(transport.take()[0]!);
  await made.enqueue(1, { body: Buffer.alloc(2_000_000) });
  const [sent] = transport.take();
  assert.equal(sent?.headers.cmp, 'z');
  assert.ok(sent.payload.length < 10_000);
  transport.answerPlainly(sent);
  await made.settled();
  assert.deepEqual(made.states(), { succeeded: 2 });
});

test('where the broker refuses a subject of its own, answers come through the one that all share', async (t) => {
  const { made, transport } = await start(t);
  refuseOwn(transport);
  await made.enqueue(2);
  const sent = transport.take();
  assert.equal(sent[0]?.reply, `${SUBJECT}.reply`);
  transport.deliver(`${SUBJECT}.reply`, {
    [HEADER.status]: 'accepted',
    [HEADER.range]: '1-1',
    [HEADER.id]: "somebody else's",
  });
  assert.deepEqual(transport.take(), []);
  transport.answer('accepted', sent);
  assert.deepEqual(seqs(transport.take()), [2]);
});

test('a lane whose answers cannot come at all says so', async (t) => {
  const { made, transport } = await start(t);
  refuseOwn(transport);
  transport.refused.add(`${SUBJECT}.reply`);
  await made.enqueue(1);
  assert.match(made.failures[0]!.message, /not allowed/);
  const words = made.outbox.lane(SUBJECT)?.waitsFor;
  assert.equal(words, `its publisher, which failed: not allowed: ${SUBJECT}.reply`);
  assert.deepEqual(transport.sent, []);
});

test('the words that a node named outlast a restart, until an answer takes them back', async (t) => {
  const { made, transport } = await start(t);
  await made.enqueue(2);
  transport.answer('accepted', transport.take(), { [HEADER.knows]: 'state goodbye' });
  await made.settled();
  const { store } = made;
  await made[Symbol.asyncDispose]();
  const again = await TestOutbox.start(t, { store });
  assert.deepEqual(
    [again.outbox.peers.knows('ship1', 'state'), again.outbox.peers.knows('ship2', 'state')],
    [true, false],
  );
  await again.settled();
  again.transport.answer('accepted', again.transport.take());
  await again.settled();
  assert.equal(again.outbox.peers.knows('ship1', 'state'), false);
  assert.deepEqual(store.all('SELECT name FROM node_words'), []);
});

/** Opens the window of a thin link to a node that names the words. */
async function openThin(made: TestOutbox, words: string): Promise<void> {
  await made.enqueue(1, { id: newId() });
  const first = made.transport.take();
  assert.ok(first[0]!.headers[HEADER.id], 'who is not known gets the usual headers');
  await made.advance(1000);
  made.transport.answer('accepted', first, { [HEADER.knows]: words });
  await made.settled();
}

test('over a thin link the headers are one where the target reads that, and so may those of its answers', async (t) => {
  const { made, transport } = await start(t);
  await openThin(made, 'lean brief');
  await made.enqueue(1, { id: newId() });
  const [brief] = transport.take();
  assert.equal(brief?.seq, 2);
  assert.deepEqual(Object.keys(brief.headers), [HEADER.brief]);
  transport.deliver(brief.reply, briefAnswer(brief.reply, answerTo(brief, 'lean brief'))!);
  await made.settled();
  assert.deepEqual(made.states(), { succeeded: 2 });
});

test('an answer that is given again ends what it speaks for, and no rate and no round trip come of it', async (t) => {
  const { made, transport } = await start(t);
  await openThin(made, 'lean brief');
  const { window } = made.outbox.peers.of('ship1').peer;
  for (const isAgain of [true, false]) {
    const before = window.measured;
    await made.enqueue(1, { id: newId() });
    const [sent] = transport.take();
    await made.advance(100);
    const brief = briefAnswer(sent!.reply, answerTo(sent!, 'lean brief'))!;
    transport.deliver(sent!.reply, isAgain ? answeredAgain(brief) : brief);
    await made.settled();
    if (isAgain) assert.deepEqual(window.measured, before);
    else assert.notDeepEqual(window.measured, before);
  }
  assert.deepEqual(made.states(), { succeeded: 3 });
});

test('after answers that are given again nothing goes until the hello behind them, and then what was out goes again', async (t) => {
  const { made, transport } = await start(t);
  await openThin(made, 'lean brief offset-parts');
  for (let n = 0; n < 3; n++) await made.enqueue(1, { id: newId(), body: randomBytes(3000) });
  const out = transport.take();
  assert.deepEqual(seqs(out), [2, 3]);
  const brief = briefAnswer(out[0]!.reply, answerTo(out[0]!, 'lean brief offset-parts'))!;
  transport.deliver(out[0]!.reply, answeredAgain(brief));
  await made.settled();
  assert.deepEqual(seqs(transport.take()), []);
  made.outbox.peers.alive('ship1', { speaksLanes: true, hasConnected: true });
  assert.deepEqual(seqs(transport.take()), [3, 4]);
});

test('words that changed since they were named are asked for with the usual headers', async (t) => {
  const { made, transport } = await start(t);
  await openThin(made, 'lean brief');
  await made.enqueue(1, { id: newId() });
  const [brief] = transport.take();
  transport.deliver(brief!.reply, briefAnswer(brief!.reply, answerTo(brief!, 'lean brief more'))!);
  await made.settled();
  await made.enqueue(1, { id: newId() });
  assert.ok(transport.take()[0]!.headers[HEADER.id]);
});

test('a node that reads brief headers no more gets the usual ones at once, and nothing is lost', async (t) => {
  const { made, transport } = await start(t);
  await openThin(made, 'lean brief');
  for (let n = 0; n < 2; n++) await made.enqueue(1, { id: newId() });
  const brief = transport.take();
  assert.deepEqual(seqs(brief), [2, 3]);
  // What has no place in a lane there is answered without a range.
  for (const { reply } of brief) transport.deliver(reply, { [HEADER.status]: 'rejected' });
  const again = transport.take();
  assert.deepEqual(seqs(again), [2]);
  assert.ok(again[0]!.headers[HEADER.id]);
  transport.answer('accepted', again);
  await made.settled();
  const last = transport.take();
  assert.deepEqual(seqs(last), [3]);
  assert.ok(last[0]!.headers[HEADER.id]);
  transport.answer('accepted', last);
  await made.settled();
  assert.deepEqual(made.states(), { succeeded: 3 });
});

function answerTo({ seq, headers }: SentMessage, words: string): Record<string, string> {
  return {
    [HEADER.status]: 'accepted',
    [HEADER.range]: `${seq}-${seq}`,
    [HEADER.knows]: words,
    [HEADER.id]: headers[HEADER.id] ?? '',
  };
}

test('the first message that goes together with others asks a node that reads that what may come, and no other does', async (t) => {
  const { made, transport } = await start(t);
  const asks = (sent: readonly SentMessage[]) => sent.map(({ headers }) => headers[HEADER.linkLeft]);
  await made.enqueue(1);
  const [first] = transport.take();
  assert.deepEqual(asks([first!]), [undefined], 'it has not named the word');
  transport.answer('accepted', [first!], { [HEADER.knows]: 'state link' });
  await made.settled();
  await made.enqueue(3);
  const three = transport.take();
  assert.deepEqual(asks(three), ['?', undefined, undefined]);
  transport.answer('accepted', three, { [HEADER.knows]: 'state link' });
  await made.settled();
  await made.enqueue(1);
  assert.deepEqual(asks(transport.take()), ['?'], 'the node may have forgotten who asked');
});

test('while many lanes lead to names that nobody has heard of there is room for no more of them, until one of these answers', async (t) => {
  const asked: string[] = [];
  const made = await TestOutbox.start(t, {
    askWords: async (node) => {
      asked.push(node);
      made.outbox.peers.heardWords(node, 'lanes');
    },
  });
  const names = Array.from({ length: 2001 }, (_, at) => `made-up-${at}`);
  const message = {
    ackTimeoutMs: 5000,
    batch: null,
    format: { serial: '', cmp: '' },
    body: Buffer.alloc(1),
  } as const;
  await made.outbox.enqueue(
    names.map((name) => ({ ...message, id: name, subject: `${name}.REQToFileAppend.EventACK` })),
  );
  await made.advance(1000);
  const nobody = new Set<string>();
  assert.deepEqual([made.outbox.hasRoomFor('newcomer', nobody), asked.at(-1)], [false, 'newcomer']);
  await made.advance(1000);
  assert.equal(made.outbox.hasRoomFor('newcomer', nobody), true);
});

test('names whose requests have not ended count as much as lanes to them, unless they have answered', async (t) => {
  const made = await TestOutbox.start(t);
  const askers = new Set(Array.from({ length: 1001 }, (_, at) => `made-up-${at}`));
  assert.equal(made.outbox.hasRoomFor('newcomer', askers), false);
  made.outbox.peers.heardWords('made-up-1', 'lanes');
  await made.advance(1000);
  assert.equal(made.outbox.hasRoomFor('newcomer', askers), true);
  askers.add('made-up-1001');
  assert.equal(made.outbox.hasRoomFor('newcomer', askers), false);
});
