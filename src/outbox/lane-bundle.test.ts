import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestOutbox } from '../../test/support/test-outbox.ts';
import { newId } from '../lib/new-id.ts';
import { HEADER } from '../message/codec/wire-headers.ts';

const WORDS = 'offset-parts lean brief bundle';

/** The headers that say how messages went. */
function formsOf(outbox: TestOutbox): string[] {
  return outbox.transport.take().map(({ headers }) =>
    Object.keys(headers)
      .filter((name) => 'SB'.includes(name) || name === HEADER.lane)
      .join(),
  );
}

for (const [words, then] of [
  [WORDS, ['B']],
  ['offset-parts lean brief', ['S', 'S', 'S']],
] as const)
  test(`small messages behind the first go as one, where their node has named that: ${words}`, async (t) => {
    const outbox = await TestOutbox.start(t);
    for (let left = 4; left > 0; left--)
      await outbox.enqueue(1, { id: newId(), body: Buffer.alloc(300, 'x') });
    const [first] = outbox.transport.sent;
    assert.deepEqual(formsOf(outbox), [HEADER.lane]);
    // A round trip that is not that of a fast way.
    await outbox.advance(500);
    outbox.transport.answer('accepted', [first!], { [HEADER.knows]: words });
    await outbox.settled();
    assert.deepEqual(formsOf(outbox), then);
  });

test('over a way that is not known to be thin yet, few large ones are made small', async (t) => {
  const outbox = await TestOutbox.start(t);
  for (let left = 20; left > 0; left--)
    await outbox.enqueue(1, { id: newId(), body: Buffer.alloc(1600, 'x') });
  const [first] = outbox.transport.take();
  await outbox.advance(3000);
  outbox.transport.answer('accepted', [first!], { [HEADER.knows]: WORDS });
  await outbox.settled();
  const forms = formsOf(outbox);
  assert.ok(forms.length > 0 && !forms.includes(HEADER.lane), forms.join());
});

test('many messages go as one over a fast way too', async (t) => {
  const outbox = await TestOutbox.start(t);
  for (let left = 40; left > 0; left--)
    await outbox.enqueue(1, { id: newId(), body: Buffer.alloc(300, 'x') });
  const [first] = outbox.transport.take();
  outbox.transport.answer('accepted', [first!], { [HEADER.knows]: WORDS });
  await outbox.settled();
  assert.deepEqual(new Set(formsOf(outbox)), new Set(['B']));
});

test('of a full window a quarter is answered before more goes', async (t) => {
  const outbox = await TestOutbox.start(t);
  await outbox.enqueue(800);
  const [first] = outbox.transport.take();
  outbox.transport.answer('accepted', [first!]);
  await outbox.settled();
  const sent = outbox.transport.take();
  assert.equal(sent.length, 512);
  outbox.transport.answer('accepted', sent.slice(0, 120));
  await outbox.settled();
  assert.equal(outbox.transport.take().length, 0);
  outbox.transport.answer('accepted', sent.slice(120, 128));
  await outbox.settled();
  assert.equal(outbox.transport.take().length, 128);
});
