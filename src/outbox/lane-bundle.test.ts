import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestOutbox } from '../../test/support/test-outbox.ts';
import { newId } from '../lib/new-id.ts';
import { DICTIONARY } from '../message/codec/dictionaries.ts';
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

test('over a thin link a message goes with what went before it, and without that at once where its node lacks it', async (t) => {
  const outbox = await TestOutbox.start(t);
  const knows = { [HEADER.knows]: `${WORDS} ${DICTIONARY}` };
  const bases = () => outbox.transport.take().map((sent) => ({ sent, base: sent.headers.B?.split(' ')[1] }));
  const send = async () => {
    await outbox.enqueue(1, { id: newId(), body: Buffer.alloc(300, 'x') });
    return bases();
  };
  const answer = async (status: string, of: ReturnType<typeof bases>, more = {}) => {
    await outbox.advance(500);
    const seq = Number(of[0]!.sent.headers.B?.split('/')[1] ?? 1);
    outbox.transport.answer(status, [{ ...of[0]!.sent, seq }], { ...knows, ...more });
    await outbox.settled();
  };
  await answer('accepted', await send());
  const found: unknown[] = [];
  for (let left = 3; left > 0; left--) {
    const sent = await send();
    found.push(sent[0]?.base);
    await answer('accepted', sent);
  }
  assert.deepEqual(found, ['0', '2*1', '2*2']);
  const lacked = await send();
  assert.equal(lacked[0]?.base, '2*3');
  await answer('gap', lacked, { [HEADER.expects]: '5' });
  const again = bases();
  assert.deepEqual(
    again.map(({ base }) => base),
    ['0'],
  );
  // Who says so for ever has it sent again no sooner than it would be anyway.
  await answer('gap', again, { [HEADER.expects]: '5' });
  assert.deepEqual(bases(), []);
});
