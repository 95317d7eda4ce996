import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vectors } from '../../test/support/vectors.ts';
import { decodeGob } from './decode-gob.ts';
import { encodeGob } from './encode-gob.ts';

test('x', () => {
  for (const { payload, subject } of vectors('gob')) {
    const m = decodeGob(payload);
    assert.deepEqual(
      Buffer.from(encodeGob(m)).toString('latin1'),
      Buffer.from(payload).toString('latin1'),
      subject,
    );
  }
});
