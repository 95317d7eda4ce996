import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { decodeMessage } from '../message/codec/decode-message.ts';
import { encodeMessage } from '../message/codec/encode-message.ts';
import { newMessage } from '../message/message.ts';
import { compress } from './compress.ts';
import { makeLean } from './make-lean.ts';
import { type OutboundMessage, unanswered, wayOut } from './way-out.ts';

function sendThrough(message: OutboundMessage): OutboundMessage {
  const sent: OutboundMessage[] = [];
  wayOut([makeLean(), compress('')], (messages) => {
    sent.push(...messages);
    return [];
  })([message]);
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

test('data that is no text goes as CBOR to who reads that, and stays gob to others', () => {
  const data = randomBytes(1000);
  const message = outbound([data]);
  assert.equal(sendThrough(message).format.serial, '');
  const lean = sendThrough({ ...message, takesBytes: true });
  assert.deepEqual(lean.format, { serial: 'cbor-bytes', cmp: '' });
  assert.ok(lean.payload.length < 1100, `${lean.payload.length} bytes`);
  const read = decodeMessage(lean.payload, { ...lean.format, maxBytes: 1e6 });
  assert.deepEqual(
    read.data?.map((item) => Buffer.from(item)),
    [data],
  );
});

test('a body that went as CBOR with bytes goes as gob once its target does not read that any more', () => {
  const message = outbound([Uint8Array.of(0xff)]);
  const step = makeLean();
  const forms = [true, false].map((takesBytes) => {
    const sent: OutboundMessage[] = [];
    step([{ ...message, takesBytes }], (messages) => {
      sent.push(...messages);
      return [];
    });
    return sent[0]?.format.serial;
  });
  assert.deepEqual(forms, ['cbor-bytes', '']);
});

test('a body that nobody asked to have lean, or that is compressed already, goes as it is', () => {
  const plain = outbound([Buffer.from('x')]);
  assert.equal(sendThrough({ ...plain, isLean: false }).payload, plain.payload);
  const packed = { ...plain, format: { serial: 'cbor', cmp: 'z' } as const };
  assert.equal(sendThrough(packed).payload, plain.payload);
});
