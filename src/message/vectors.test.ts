import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VECTOR_FILES, type Vector, vectors } from '../../test/support/vectors.ts';
import { decodeMessage } from './codec/decode-message.ts';
import { encodeMessage } from './codec/encode-message.ts';
import { messageToJson } from './input/message-json.ts';
import type { Message } from './message.ts';

const maxBytes = 1_000_000;

for (const file of VECTOR_FILES) {
  const captured = vectors(file);

  test(`every captured ${file} message is read as it was`, () => {
    for (const vector of captured)
      assert.deepEqual(messageToJson(decode(vector)), vector.message, vector.subject);
  });

  test(`every captured ${file} message is written as it was, byte for byte where it is not compressed`, () => {
    for (const vector of captured) {
      const message = decode(vector);
      const serialization = vector.serial === 'cbor' ? 'cbor' : '';
      const encoded = encodeMessage(message, { serialization, compression: vector.cmp as '' | 'z' | 'g' });
      assert.deepEqual(
        { serial: encoded.serial, cmp: encoded.cmp },
        { serial: vector.serial, cmp: vector.cmp },
      );
      if (vector.cmp === '') assert.deepEqual(hex(encoded.payload), hex(vector.payload), vector.subject);
      else assert.deepEqual(decodeMessage(encoded.payload, { ...encoded, maxBytes }), message);
    }
  });
}

function decode(vector: Vector): Message {
  return decodeMessage(vector.payload, { ...vector, maxBytes });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
