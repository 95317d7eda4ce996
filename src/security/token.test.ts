import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeUserKey } from '../lib/nkey.ts';
import { decodeToken, encodeToken, tokenKeyOf } from './token.ts';

const KEY = makeUserKey();
const TOKEN = {
  seed: KEY.seed,
  authority: new Uint8Array(32).fill(7),
  expiresAt: 1_795_393_560,
  name: 'ship1',
};

test('a token goes to text and back, with and without a name', () => {
  for (const name of ['', 'ship1', 'båt-Ω']) {
    const text = encodeToken({ ...TOKEN, name });
    assert.match(text, /^J[A-Za-z0-9_-]+$/);
    assert.deepEqual(decodeToken(text), { ...TOKEN, name });
  }
  assert.equal(tokenKeyOf(decodeToken(encodeToken(TOKEN))), KEY.publicKey);
});

test('a token that was cut, changed or is none is told from a whole one', () => {
  const text = encodeToken(TOKEN);
  const at = (index: number) =>
    `${text.slice(0, index)}${text[index] === 'x' ? 'y' : 'x'}${text.slice(index + 1)}`;
  const bad = [
    '',
    'J',
    'abc',
    KEY.seed,
    text.slice(1),
    text.slice(0, -1),
    `${text}A`,
    ` ${text}`,
    ...[1, 20, 60, 95].map(at),
  ];
  for (const other of bad)
    assert.throws(() => decodeToken(other), /not a whole token: copy all of the line/, other);
});
