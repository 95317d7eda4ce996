import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { TestOutbox } from '../../../test/support/test-outbox.ts';
import { HEADER } from '../../message/codec/wire-headers.ts';

test('a clock that is set back or forth neither holds up a pause nor an ACKTimeout, nor ends one early', async (t) => {
  for (const stepMs of [-3_600_000, 3_600_000]) {
    await t.test(`by ${stepMs / 60_000} min`, async (t) => {
      const made = await TestOutbox.start(t);
      const { transport } = made;
      await made.enqueue(1, { ackTimeoutMs: 5000 });
      transport.nobodyListens(transport.take()[0]!);
      made.stepMs = stepMs;
      await made.advance(400, 100);
      assert.equal(transport.take().length, 0, 'the pause of 0.5 s is not over');
      await made.advance(200, 100);
      assert.equal(transport.take().length, 1);
      made.stepMs = 2 * stepMs;
      await made.advance(4000);
      assert.equal(transport.take().length, 0, 'its ACKTimeout is not over');
      await made.advance(1500);
      assert.equal(transport.take().length, 1);
      t.mock.timers.reset();
    });
  }
});

test('a clock that is set ends no message early or late, and the time left travels with each attempt', async (t) => {
  for (const stepMs of [-30 * 86_400_000, 30 * 86_400_000]) {
    await t.test(`by ${stepMs / 86_400_000} days`, async (t) => {
      const made = await TestOutbox.start(t, { messageTtlMs: 60_000 });
      const { transport } = made;
      await made.enqueue(1, { expiresInMs: 20_000, ackTimeoutMs: 5000 });
      await made.enqueue(1, { ackTimeoutMs: 5000, subject: 'ship2.REQToFileAppend.EventACK' });
      made.stepMs = stepMs;
      await made.advance(5000);
      const left = transport.take().map(({ headers }) => headers[HEADER.left]);
      assert.deepEqual(left, ['20000', undefined, '15000', undefined]);
      assert.deepEqual(made.states(), { sent: 2 });
      const [first] = made.outbox.lanes();
      assert.equal(first?.oldestQueuedAt, TestOutbox.now() + stepMs - 5000);
      await made.advance(15_500);
      assert.deepEqual(made.states(), { expired: 1, sent: 1 });
      await made.advance(40_000, 1000);
      assert.deepEqual(made.states(), { expired: 2 });
      t.mock.timers.reset();
    });
  }
});

test('what is on its first way to a node of ours has the time that the thinnest link takes for it, whatever its ACKTimeout', async (t) => {
  for (const [words, again] of [
    ['state offset-parts', [0, 1]],
    [undefined, [1, 0]],
  ] as const) {
    await t.test(words ?? 'a node that has named nothing keeps its time', async (t) => {
      const made = await TestOutbox.start(t);
      made.outbox.peers.heardWords('ship1', words);
      await made.enqueue(1, { ackTimeoutMs: 5000, body: Buffer.alloc(4000) });
      assert.equal(made.transport.take().length, 1);
      await made.advance(8000);
      const early = made.transport.take().length;
      await made.advance(20_000);
      const late = words ? made.transport.take().length : 0;
      assert.deepEqual([early, late], again);
      t.mock.timers.reset();
    });
  }
});

test('where no answer comes in time less goes again, and what an answer to an earlier attempt says has arrived goes no more', async (t) => {
  const made = await TestOutbox.start(t);
  const { transport } = made;
  const knows = { [HEADER.knows]: 'state offset-parts' };
  await made.enqueue(1);
  await made.advance(1000);
  transport.answer('accepted', transport.take(), knows);
  await made.settled();
  await made.enqueue(1, { body: randomBytes(40_000) });
  const [first] = transport.take();
  const [, about] = /^@0(\/.*)$/.exec(first?.headers[HEADER.part] ?? '') ?? [];
  await made.advance(40_000);
  const again = transport.take()[0];
  assert.equal(again?.headers[HEADER.part], `@0${about}`);
  assert.ok(again.payload.length < first!.payload.length, `${again.payload.length} bytes`);
  const there = first!.payload.length;
  transport.answer('part', [first!], { ...knows, [HEADER.part]: `@${there}${about}` });
  transport.take();
  await made.advance(40_000);
  assert.equal(transport.take()[0]?.headers[HEADER.part], `@${there}${about}`);
});
