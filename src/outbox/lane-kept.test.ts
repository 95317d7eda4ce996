import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import type { SentMessage } from '../../test/support/fake-transport.ts';
import { TestOutbox } from '../../test/support/test-outbox.ts';
import { newId } from '../lib/new-id.ts';
import { encodeMessage } from '../message/codec/encode-message.ts';
import { HEADER } from '../message/codec/wire-headers.ts';
import { newMessage } from '../message/message.ts';
import { KEPT_DATA } from '../message/told-output.ts';

const KNOWS = { [HEADER.knows]: `state offset-parts ${KEPT_DATA}` };

/** Messages with the same data that go to three ships by way of central; `sent` is what went out: to whom, and whether whole. */
async function start(t: TestContext, knows: Record<string, string> = KNOWS) {
  const made = await TestOutbox.start(t);
  const data = [Buffer.from(randomBytes(15_000).toString('base64'))];
  const messageTo = (ship: string) => {
    const { payload } = encodeMessage(newMessage({ toNode: `${ship}.hub`, method: 'REQRelay', data }), {
      ...{ serialization: 'cbor', compression: '' },
    });
    const subject = `${ship}.hub.REQRelay.EventACK`;
    const format = { serial: 'cbor', cmp: '' } as const;
    return { id: newId(), batch: null, subject, format, body: payload, ackTimeoutMs: 5000 };
  };
  made.outbox.peers.heardWords('hub', knows[HEADER.knows]);
  const messages = ['ship1', 'ship2', 'ship3'].map(messageTo);
  await made.outbox.enqueue(messages);
  await made.settled();
  const taken = () => {
    const sent = made.transport.take();
    const said = sent.map(({ subject, headers }) => {
      const form = headers[HEADER.told]?.startsWith('kept+') ? 'short' : 'whole';
      return `${subject.split('.')[0]} ${form}`;
    });
    return { sent, said: [...new Set(said)] };
  };
  const answer = async (status: 'busy' | 'accepted', sent: readonly SentMessage[]) => {
    for (const one of sent) made.transport.answer(status, [one], knows);
    await made.advance(1000);
  };
  return { made, messages, taken, answer };
}

test('where a relay has not got the data, one message brings it, and the others go without once it is there', async (t) => {
  const { made, taken, answer } = await start(t);
  const asked = taken();
  assert.deepEqual(asked.said, ['ship1 short', 'ship2 short', 'ship3 short']);
  await answer('busy', asked.sent);
  const whole = taken();
  assert.deepEqual(whole.said, ['ship1 whole']);
  await answer('accepted', whole.sent.slice(-1));
  const rest = taken();
  assert.deepEqual(rest.said, ['ship2 short', 'ship3 short']);
  await answer('accepted', rest.sent);
  assert.equal(made.onDisk(), 0);
});

test('where the one that brings it is called off, another one does', async (t) => {
  const { made, messages, taken, answer } = await start(t);
  await answer('busy', taken().sent);
  assert.deepEqual(taken().said, ['ship1 whole']);
  void made.outbox.undelivered.cancel({ id: messages[0]!.id }, 'called off');
  // What is on its way is given a moment to be answered.
  await made.advance(4000);
  const asked = taken();
  assert.deepEqual(
    asked.said.filter((one) => !one.startsWith('ship1')),
    ['ship2 short', 'ship3 short'],
  );
  await answer(
    'busy',
    asked.sent.filter(({ subject }) => !subject.startsWith('ship1')),
  );
  assert.deepEqual(
    taken().said.filter((one) => !one.startsWith('ship1')),
    ['ship2 whole'],
  );
});

test('a relay that has not named the word, or does not know it any more, gets the data', async (t) => {
  const { taken } = await start(t, { [HEADER.knows]: 'state offset-parts told-output' });
  assert.deepEqual(taken().said, ['ship1 whole', 'ship2 whole', 'ship3 whole']);
});
