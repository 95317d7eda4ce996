import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { TestOutbox } from '../../test/support/test-outbox.ts';
import { HEADER } from '../message/codec/wire-headers.ts';

const SCHEDULE = '[5,60]';

async function start(t: TestContext) {
  const made = await TestOutbox.start(t);
  return { made, transport: made.transport };
}

test('a message with a schedule goes in two pieces, each with its schedule', async (t) => {
  const { made, transport } = await start(t);
  await made.enqueue(1, { schedule: SCHEDULE, body: Buffer.from('12345') });
  const [first, ...more] = transport.take();
  assert.deepEqual(more, []);
  assert.equal(String(Buffer.from(first!.payload)), '123');
  transport.answer('part', [first!], { [HEADER.part]: '1/2' });
  const [second] = transport.take();
  assert.equal(String(Buffer.from(second!.payload)), '45');
  assert.deepEqual(
    [first, second].map((sent) => [sent!.headers[HEADER.part], sent!.headers[HEADER.schedule]]),
    [
      ['1/2', SCHEDULE],
      ['2/2', SCHEDULE],
    ],
  );
  transport.answer('accepted', [second!]);
  await made.settled();
  assert.deepEqual(made.states(), { succeeded: 1 });
});

test('a schedule, and what is wanted of the output, is still there after a restart', async (t) => {
  const { made } = await start(t);
  made.transport.isConnected = false;
  await made.enqueue(1, { schedule: SCHEDULE, output: 'live' });
  const { store } = made;
  await made[Symbol.asyncDispose]();
  const again = await TestOutbox.start(t, { store });
  await again.settled();
  const { headers } = again.transport.take()[0]!;
  assert.deepEqual([headers[HEADER.schedule], headers[HEADER.output]], [SCHEDULE, 'live']);
});

test('a node that answers plainly gets no more than a piece; the message is rejected, its successor sent', async (t) => {
  const { made, transport } = await start(t);
  await made.enqueue(1, { schedule: SCHEDULE });
  await made.enqueue(1);
  const [piece] = transport.take();
  transport.answerPlainly(piece!);
  await made.settled();
  assert.equal(made.ended[0]?.state, 'rejected');
  assert.match(made.ended[0]?.reason ?? '', /it has a schedule, and ship1 is an original node/);
  assert.deepEqual(
    transport.take().map(({ headers }) => headers[HEADER.part]),
    [undefined],
  );
});

test('a node that is silent about a piece again and again holds nothing up', async (t) => {
  const { made, transport } = await start(t);
  await made.enqueue(1, { schedule: SCHEDULE });
  await made.advance(24_000);
  assert.equal(made.ended.length, 0);
  assert.equal(transport.take().length, 5);
  await made.advance(2000);
  assert.equal(made.ended[0]?.state, 'rejected');
});

test('for a node that is away it waits', async (t) => {
  const { made, transport } = await start(t);
  await made.enqueue(1, { schedule: SCHEDULE });
  for (let attempt = 0; attempt < 20; attempt++) {
    const [piece] = transport.take();
    transport.nobodyListens(piece!);
    await made.advance(5000);
  }
  assert.equal(made.ended.length, 0);
  assert.equal(transport.take().length, 1);
});
