import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMessage } from '../message/codec/decode-message.ts';
import { encodeMessage } from '../message/codec/encode-message.ts';
import { newMessage } from '../message/message.ts';
import { makeLean } from './make-lean.ts';
import { type OutboundMessage, unanswered } from './way-out.ts';

function sendThrough(message: OutboundMessage): OutboundMessage {
  const sent: OutboundMessage[] = [];
  makeLean()([message], (messages) => {
    sent.push(...messages);
    return [];
  });
  return sent[0]!;
}

function outbound(data: readonly Uint8Array[]): OutboundMessage {
  const message = newMessage({
    toNode: 'ship1',
    fromNode: 'central',
    method: 'REQToFileAppend',
    data: [...data],
  });
  const { payload, serial, cmp } = encodeMessage(message, { serialization: '', compression: '' });
  return { ...unanswered('ship1.REQToFileAppend.EventACK', payload, { serial, cmp }), isLean: true };
}

test('a body in gob goes as compressed CBOR, and says the same: a small one by gzip, which is quicker there', () => {
  const read = (message: OutboundMessage) =>
    decodeMessage(message.payload, { ...message.format, maxBytes: 1e6 });
  for (const [lines, cmp] of [
    [20, 'g'],
    [200, 'z'],
  ] as const) {
    const plain = outbound([Buffer.from('a line of text\n'.repeat(lines))]);
    const lean = sendThrough(plain);
    assert.deepEqual(lean.format, { serial: 'cbor', cmp });
    assert.ok(lean.payload.length < 200, `${lean.payload.length} bytes`);
    assert.deepEqual(read(lean), read(plain));
  }
});

test('what CBOR cannot say stays gob, and is compressed', () => {
  const lean = sendThrough(outbound([Uint8Array.of(0xff, 0xfe)]));
  assert.equal(lean.format.serial, '');
});

test('a body that nobody asked to have lean, or that is compressed already, goes as it is', () => {
  const plain = outbound([Buffer.from('x')]);
  assert.equal(sendThrough({ ...plain, isLean: false }).payload, plain.payload);
  const packed = { ...plain, format: { serial: 'cbor', cmp: 'z' } as const };
  assert.equal(sendThrough(packed).payload, plain.payload);
});
