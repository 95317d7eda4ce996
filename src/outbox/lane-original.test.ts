import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { TestOutbox } from '../../test/support/test-outbox.ts';
import { HEADER } from '../message/codec/wire-headers.ts';

const ERRORS = 'errorCentral.REQErrorLog.EventACK';
const SUBJECT = 'ship1.REQCliCommand.CommandACK';

test('a stop waits for the answer that an original node owes, and sends nothing more', async (t) => {
  const made = await TestOutbox.start(t);
  const { transport, outbox } = made;
  await made.enqueue(3, { subject: SUBJECT });
  const [sent] = transport.take();
  let isQuiet = false;
  const quiet = outbox.hush().then(() => {
    isQuiet = true;
  });
  await made.advance(1000, 100);
  assert.equal(isQuiet, false);
  transport.answerPlainly(sent!);
  await made.advance(100, 20);
  await quiet;
  assert.deepEqual([made.states(), transport.take()], [{ 'handed-over': 1, queued: 2 }, []]);
});

test('a stop does not wait for ever', async (t) => {
  const made = await TestOutbox.start(t);
  const { transport, outbox } = made;
  await made.enqueue(1, { subject: SUBJECT });
  transport.take();
  const quiet = outbox.hush();
  await made.advance(2500, 100);
  await quiet;
  assert.deepEqual(made.states(), { queued: 1 });
});

test('a stop does not wait for nodes that take nothing twice', async (t) => {
  const made = await TestOutbox.start(t);
  await made.open();
  await made.enqueue(2);
  await made.outbox.hush();
  assert.equal(made.outbox.depth.sent, 2);
});

test('in a closed fleet a plain answer of a node that is not named confirms nothing, and nothing goes there again until it shows its words', async (t) => {
  const made = await TestOutbox.start(t, { mayBeOriginal: (node) => node === 'ship2' });
  const { transport, outbox } = made;
  await made.enqueue(2, { subject: SUBJECT });
  const sent = transport.take();
  transport.answerPlainly(sent[0]!);
  await made.settled();
  assert.deepEqual(made.states(), { queued: 2 });
  const { waitsFor, nextAttemptAt } = outbox.lane(SUBJECT)!;
  assert.match(
    waitsFor!,
    /^ship1, which answers as the original program does: trustOriginal does not name it/,
  );
  assert.equal(nextAttemptAt, null);
  outbox.disconnected();
  outbox.connected();
  await made.advance(120_000, 10_000);
  assert.deepEqual(transport.take(), []);
  outbox.peers.alive('ship1', { speaksLanes: true, hasConnected: true });
  await made.settled();
  transport.answer('accepted', transport.take());
  await made.settled();
  assert.equal(made.states().accepted, 1);
  await made.enqueue(1, { subject: 'ship2.REQCliCommand.CommandACK' });
  transport.answerPlainly(transport.take().at(-1)!, 'ship2');
  await made.settled();
  assert.equal(made.states()['handed-over'], 1, 'one that is named confirms');
});

test("an error report ends with the central node's answer alone, whoever else collects errors", async (t) => {
  const made = await TestOutbox.start(t, { centralNodeName: 'central' });
  const { transport, outbox } = made;
  await made.enqueue(1, { subject: ERRORS });
  const [first] = transport.take();
  transport.answerPlainly(first!, 'ship2');
  transport.deliver(
    first!.reply,
    { [HEADER.status]: 'accepted', [HEADER.range]: '1-1', [HEADER.id]: first!.headers[HEADER.id]! },
    { text: 'confirmed from: ship3: 0' },
  );
  await made.settled();
  assert.deepEqual(made.states(), { queued: 1 });
  // Others have it: it is not sent to them over and over.
  await made.advance(30_000, 1000);
  assert.deepEqual(transport.take(), []);
  assert.match(
    outbox.lane(ERRORS)!.waitsFor!,
    /^errorCentral, which ship3 answered for: central is waited for/,
  );
  outbox.peers.alive('central');
  await made.settled();
  const [second] = transport.take();
  transport.answerPlainly(second!, 'ship2');
  transport.answerPlainly(second!, 'central');
  await made.settled();
  assert.deepEqual(made.states(), { 'handed-over': 1 });
});

test('a relay that hears of no names with dots is not sent what is for one, and the reason names it', async (t) => {
  const made = await TestOutbox.start(t);
  const { transport, ended } = made;
  await made.enqueue(1, { subject: 'relay1.REQPing.EventACK' });
  transport.answerPlainly(transport.take()[0]!, 'relay1');
  await made.enqueue(1, { subject: 'relay2.REQPing.EventACK' });
  // An early version of this program, which names no words.
  transport.answer('accepted', transport.take());
  await made.settled();
  await made.enqueue(1, { subject: 'ship1.relay1.REQRelay.EventACK' });
  assert.equal(transport.take().length, 1, 'a name without dots is none of its troubles');
  await made.enqueue(2, { subject: 'ship1.example.org/relay1.REQRelay.EventACK' });
  await made.enqueue(1, { subject: 'ship1.example.org/relay2.REQRelay.EventACK' });
  await made.settled();
  assert.deepEqual(transport.take(), []);
  assert.deepEqual(
    ended.flatMap(({ state, reason }) => (state === 'rejected' ? /by way of [^;]*/.exec(reason!) : [])),
    [
      'by way of relay1, which runs the original program',
      'by way of relay1, which runs the original program',
      'by way of relay2, which runs a version that is too old for that: upgrade it',
    ],
  );
});

test('a large message to a node of a version that keeps no parts does not go again while a thin link may still carry it', async (t) => {
  const made = await TestOutbox.start(t);
  await made.enqueue(1);
  const knows = { [HEADER.knows]: 'state goodbye' };
  made.transport.answer('accepted', made.transport.take(), knows);
  await made.settled();
  await made.enqueue(1, { body: Buffer.alloc(400_000, 'x') });
  const sent = made.transport.take();
  await made.advance(60_000, 5000);
  assert.deepEqual([sent.length > 0, made.transport.take(), made.missed], [true, [], 0]);
  made.transport.answer('accepted', sent.slice(-1), knows);
  await made.settled();
  assert.equal(made.onDisk(), 0);
});

test('what an original node gets behind a large message of another lane is not sent again before that can be through', async (t) => {
  const made = await TestOutbox.start(t);
  const { transport } = made;
  await made.enqueue(1, { subject: SUBJECT });
  transport.answerPlainly(transport.take()[0]!);
  await made.settled();
  await made.enqueue(1, { subject: 'ship1.REQToFile.EventACK', body: randomBytes(500_000) });
  await made.enqueue(1, { subject: SUBJECT });
  assert.equal(transport.take().length, 2);
  await made.advance(55_000, 1000);
  assert.deepEqual(transport.take(), []);
  await made.advance(600_000, 1000);
  assert.ok(transport.take().length > 0);
});
