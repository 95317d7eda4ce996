import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMessage } from './codec/decode-message.ts';
import { encodeMessage } from './codec/encode-message.ts';
import { newMessage } from './message.ts';
import { plainSerial, readTold, shortSerial, toldStretch, withoutTold, withTold } from './told-output.ts';

const OUTPUT = Buffer.from('€'.repeat(2000));

test('a reply without what was told is whole again with it, in either encoding, and with nothing else', () => {
  const reply = newMessage({ toNode: 'central', fileName: 'f', data: [OUTPUT.subarray(1000)] });
  for (const serialization of ['gob', 'cbor'] as const) {
    const { payload, serial, cmp } = encodeMessage(reply, { serialization, compression: '' });
    const short = withoutTold(payload, { serial, cmp }, { from: 1000, count: 3000 })!;
    assert.ok(short.payload.length < payload.length - 2900);
    assert.equal(short.format.serial, '', 'a part that begins within a character is no text');
    const header = shortSerial(short.format.serial);
    assert.throws(() => decodeMessage(short.payload, { serial: header, cmp: '', maxBytes: 1e6 }), {
      code: 'unsupported',
    });
    const read = decodeMessage(short.payload, { serial: plainSerial(header), cmp: '', maxBytes: 1e6 });
    const { count, sum, ...told } = readTold(short.header)!;
    const from = Number(told.from);
    const whole = withTold(read, sum, OUTPUT.subarray(from, from + count));
    assert.deepEqual(Buffer.concat(whole!.data!), Buffer.from(OUTPUT.subarray(1000)));
    assert.equal(whole!.fileName, 'f');
    assert.equal(withTold(read, sum, OUTPUT.subarray(from + 1, from + 1 + count)), undefined);
  }
});

test('only what is at least half of a reply, and 1 kB of it, is left out', () => {
  assert.deepEqual(toldStretch({ from: 10, to: 5010 }, 5000), { from: 10, count: 5000 });
  assert.deepEqual(toldStretch({ from: 0, to: 9000 }, 5000), { from: 0, count: 5000 });
  assert.equal(toldStretch({ from: 0, to: 2000 }, 5000), undefined);
  assert.equal(toldStretch({ from: 0, to: 1000 }, 1000), undefined);
  assert.equal(toldStretch({ from: 6000, to: 5000 }, 5000), undefined);
});

test('what is no header of a short reply is not read as one, and a body that cannot be read goes as it is', () => {
  for (const text of ['', '1+2', '1+2/abc', `-1+2/${'0'.repeat(32)}`, `1+2/${'0'.repeat(33)}`])
    assert.equal(readTold(text), undefined);
  assert.equal(withoutTold(Buffer.from('x'), { serial: '', cmp: '' }, { from: 0, count: 1 }), undefined);
});
