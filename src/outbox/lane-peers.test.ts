import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { SentMessage } from '../../test/support/fake-transport.ts';
import { TestOutbox } from '../../test/support/test-outbox.ts';
import { HEADER } from '../message/wire-headers.ts';

const SUBJECT = 'ship1.REQToFileAppend.EventACK';

async function start(t: TestContext) {
  const made = await TestOutbox.start(t);
  return { made, transport: made.transport };
}

function seqs(sent: readonly SentMessage[]): number[] {
  return sent.map(({ seq }) => seq);
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
  assert.deepEqual(made.states(), { accepted: 3 });
  assert.match(made.ended[0]!.reason!, /sends no reports/);
});

test('a node that was replaced by a reference node is noticed', async (t) => {
  const { made, transport } = await start(t);
  await made.open();
  await made.enqueue(2);
  transport.answerPlainly(transport.take()[0]!);
  assert.deepEqual(made.states(), { succeeded: 1, queued: 2 });
  await made.advance(5000);
  transport.answerPlainly(transport.take()[0]!);
  transport.answerPlainly(transport.take()[0]!);
  await made.settled();
  assert.deepEqual(made.states(), { succeeded: 3 });
});

test('what a reference node cannot put together is refused', async (t) => {
  const { made, transport } = await start(t);
  await made.enqueue(1);
  transport.answerPlainly(transport.take()[0]!);
  await made.enqueue(1, { body: Buffer.alloc(2_000_000) });
  await made.enqueue(1);
  await made.settled();
  assert.equal(made.states().rejected, 1);
  assert.match(made.ended.at(-1)!.reason!, /2000000 bytes are more than the broker takes at once/);
  assert.deepEqual(seqs(transport.take()), [3]);
});

test('where the broker refuses a subject of its own, answers come through the one that all share', async (t) => {
  const { made, transport } = await start(t);
  transport.refused.add(`${SUBJECT}.reply.central.*`);
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
  transport.refused.add(`${SUBJECT}.reply.central.*`).add(`${SUBJECT}.reply`);
  await made.enqueue(1);
  assert.match(made.failures[0]!.message, /not allowed/);
  assert.deepEqual(transport.sent, []);
});
