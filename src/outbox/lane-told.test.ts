import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { TestOutbox } from '../../test/support/test-outbox.ts';
import { newId } from '../lib/new-id.ts';
import { CBOR_BYTES } from '../message/codec/body-format.ts';
import { encodeMessage } from '../message/codec/encode-message.ts';
import { HEADER } from '../message/codec/wire-headers.ts';
import { newMessage } from '../message/message.ts';
import { TOLD_OUTPUT } from '../message/told-output.ts';

const SUBJECT = 'ship1.REQToFileAppend.EventACK';
const KNOWS = { [HEADER.knows]: `state offset-parts ${TOLD_OUTPUT}` };

/** A lane whose target names the word, and a reply in it of which all was told. */
async function start(t: TestContext, knows: Record<string, string> = KNOWS) {
  const made = await TestOutbox.start(t);
  await made.enqueue(1);
  made.transport.answer('accepted', made.transport.take(), knows);
  await made.settled();
  const data = Buffer.from(randomBytes(1500).toString('base64'));
  const { payload } = encodeMessage(
    newMessage({ toNode: 'ship1', method: 'REQToFileAppend', data: [data] }),
    {
      serialization: 'cbor',
      compression: '',
    },
  );
  const there = { is: true };
  const reply = {
    ...{ id: newId(), batch: null, subject: SUBJECT, format: { serial: 'cbor', cmp: '' } as const },
    ...{ body: payload, ackTimeoutMs: 5000 },
    told: { from: 0, count: data.length, isThere: () => there.is },
  };
  /** What went out: how large, and whether it said that something is left out. */
  const taken = () =>
    made.transport.take().map((sent) => ({
      sent,
      isShort: sent.headers[HEADER.told] !== undefined && sent.payload.length < payload.length - 1900,
      isWhole: sent.headers[HEADER.told] === undefined && Buffer.compare(sent.payload, payload) === 0,
    }));
  return { made, reply, there, taken };
}

test('a reply goes without what its target was told, once all of that was delivered', async (t) => {
  const { made, reply, there, taken } = await start(t);
  there.is = false;
  await made.outbox.enqueue([reply]);
  await made.advance(1000);
  assert.deepEqual(taken(), []);
  there.is = true;
  await made.advance(300);
  const [only, ...others] = taken();
  assert.deepEqual([only?.isShort, others.length], [true, 0]);
  assert.equal(only!.sent.headers[HEADER.serial], 'told-cbor');
  made.transport.answer('accepted', [only!.sent], KNOWS);
  await made.settled();
  assert.equal(made.onDisk(), 0);
});

test('a reply goes whole to a node that has not named the word, and waits for nothing', async (t) => {
  const { made, reply, there, taken } = await start(t, { [HEADER.knows]: 'state offset-parts' });
  there.is = false;
  await made.outbox.enqueue([reply]);
  await made.settled();
  assert.deepEqual(
    taken().map(({ isWhole }) => isWhole),
    [true],
  );
});

for (const { name, status, headers, isNewEpoch } of [
  {
    name: 'a reply goes whole where its target has not got what it leaves out',
    ...({ status: 'busy', headers: KNOWS, isNewEpoch: false } as const),
  },
  {
    name: 'a reply that a node of an earlier version refuses, as it cannot read it, goes whole in a new epoch',
    ...({ status: 'rejected', headers: { [HEADER.knows]: 'state offset-parts' }, isNewEpoch: true } as const),
  },
])
  test(name, async (t) => {
    const { made, reply, taken } = await start(t);
    await made.outbox.enqueue([reply]);
    await made.settled();
    const [short] = taken();
    assert.equal(short?.isShort, true);
    made.transport.answer(status, [short!.sent], headers);
    await made.advance(2000);
    const [whole, ...others] = taken();
    assert.deepEqual([whole?.isWhole, others.length], [true, 0]);
    const [before, after] = [short!, whole!].map(({ sent }) => sent.headers[HEADER.lane]?.split('/')[0]);
    assert.equal(after !== before, isNewEpoch);
    made.transport.answer('accepted', [whole!.sent]);
    await made.settled();
    assert.equal(made.onDisk(), 0);
  });

test('data that is no text goes as bytes to who reads these, and as gob in a new epoch where that went back to an earlier version', async (t) => {
  const made = await TestOutbox.start(t);
  await made.enqueue(1);
  // The link is thin: a round trip takes a second.
  await made.advance(1000);
  made.transport.answer('accepted', made.transport.take(), {
    [HEADER.knows]: `state offset-parts ${CBOR_BYTES}`,
  });
  await made.settled();
  const message = newMessage({ toNode: 'ship1', method: 'REQToFileAppend', data: [randomBytes(500)] });
  const { payload } = encodeMessage(message, { serialization: '', compression: '' });
  await made.enqueue(1, { body: payload });
  const [bytes] = made.transport.take();
  assert.equal(bytes?.headers[HEADER.serial], CBOR_BYTES);
  assert.ok(bytes.payload.length < 600, `${bytes.payload.length} bytes`);
  made.transport.answer('rejected', [bytes], { [HEADER.knows]: 'state offset-parts' });
  await made.advance(2000);
  const [gob, ...others] = made.transport.take();
  assert.deepEqual([gob?.headers[HEADER.serial], others.length], [undefined, 0]);
  assert.notEqual(gob?.headers[HEADER.lane]?.split('/')[0], bytes.headers[HEADER.lane]?.split('/')[0]);
  made.transport.answer('accepted', [gob!]);
  await made.settled();
  assert.deepEqual([made.onDisk(), made.ended.map(({ state }) => state)], [0, ['succeeded', 'succeeded']]);
});
