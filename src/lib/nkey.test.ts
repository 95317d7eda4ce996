import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { fromPublic, fromSeed } from '@nats-io/nkeys';
import {
  isPublicNkey,
  isSignedBy,
  makeUserKey,
  publicKeyOfSeed,
  rawSeedOf,
  signWith,
  toPublicNkey,
  toUserSeed,
} from './nkey.ts';

test('a seed goes to its bytes and back', () => {
  const { seed, publicKey } = makeUserKey();
  const raw = rawSeedOf(seed);
  assert.equal(raw.length, 32);
  assert.equal(toUserSeed(raw), seed);
  assert.equal(publicKeyOfSeed(seed), publicKey);
});

test('the bytes of an ed25519 key make the seed and the public nkey that belong together', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d, x } = privateKey.export({ format: 'jwk' });
  const seed = toUserSeed(Buffer.from(d!, 'base64url'));
  assert.match(seed, /^SU[A-Z2-7]{56}$/);
  assert.equal(publicKeyOfSeed(seed), toPublicNkey(Buffer.from(x!, 'base64url')));
});

test('only the public key of a user passes for one', () => {
  const { seed, publicKey } = makeUserKey();
  assert.ok(isPublicNkey(publicKey));
  for (const other of [
    '',
    'U',
    seed,
    publicKey.toLowerCase(),
    `${publicKey.slice(0, -1)}9`,
    `A${publicKey.slice(1)}`,
  ])
    assert.ok(!isPublicNkey(other), other);
});

test('a signature holds for its text and its key alone', () => {
  const [one, other] = [makeUserKey(), makeUserKey()];
  const signature = signWith(one.seed, 'text');
  assert.ok(isSignedBy(one.publicKey, 'text', signature));
  assert.ok(!isSignedBy(one.publicKey, 'text!', signature));
  assert.ok(!isSignedBy(other.publicKey, 'text', signature));
  for (const bad of ['', 'x', signature.slice(2)]) assert.ok(!isSignedBy(one.publicKey, 'text', bad), bad);
  assert.ok(!isSignedBy('nobody', 'text', signature));
});

test('keys and signatures are those of the nkeys package', () => {
  const { seed, publicKey } = makeUserKey();
  const theirs = fromSeed(Buffer.from(seed));
  assert.equal(theirs.getPublicKey(), publicKey);
  const text = Buffer.from('text');
  assert.equal(signWith(seed, 'text'), Buffer.from(theirs.sign(text)).toString('base64url'));
  assert.ok(fromPublic(publicKey).verify(text, Buffer.from(signWith(seed, 'text'), 'base64url')));
});
