import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { encode } from 'cborg';
import { FakeAuthenticator, type Said } from '../../test/support/fake-authenticator.ts';
import { readMadePasskey, verifyAssertion } from './webauthn.ts';

const SITE = { origin: 'https://example.org', rpId: 'example.org' };
type Answers = Readonly<Record<'clientData' | 'attestation' | 'authenticator' | 'signature', string>>;
const VECTORS: Record<
  'es256' | 'rs256',
  { made: Answers; used: Answers; credential: string; publicKeyPoint: string }
> = JSON.parse(readFileSync(join(import.meta.dirname, '../../test/vectors/webauthn.json'), 'utf8'));

function bytesOf<T extends string>(fields: Readonly<Record<T, string>>): Record<T, Buffer> {
  const entries = Object.entries<string>(fields).map(([name, hex]) => [name, Buffer.from(hex, 'hex')]);
  return Object.fromEntries(entries) as Record<T, Buffer>;
}

for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as const) {
  test(`a passkey of ${algorithm} is read, and verified when it is used`, () => {
    const fake = new FakeAuthenticator(algorithm);
    const made = readMadePasskey(fake.make('abc'), SITE);
    assert.deepEqual([made.challenge, made.counter], ['abc', 0]);
    assert.deepEqual(made.credential, fake.credential);
    assert.deepEqual(verifyAssertion(fake.use('def', { counter: 7 }), made, SITE), {
      challenge: 'def',
      counter: 7,
    });
    const other = new FakeAuthenticator(algorithm).use('def');
    assert.throws(() => verifyAssertion(other, made, SITE), /is not signed by this passkey/);
  });
}

test('the examples of the standard are read as it has them', () => {
  const { es256, rs256 } = VECTORS;
  assert.throws(() => readMadePasskey(bytesOf(es256.made), SITE), /does not say who is there/);
  const { credential, publicKey, challenge } = readMadePasskey(bytesOf(rs256.made), SITE);
  assert.equal(credential.toString('hex'), rs256.credential);
  assert.equal(challenge, JSON.parse(bytesOf(rs256.made).clientData.toString()).challenge);
  assert.equal(createPublicKey({ key: publicKey, format: 'der', type: 'spki' }).asymmetricKeyType, 'rsa');
  // Their signatures are right, and nobody was verified.
  const point = Buffer.from(es256.publicKeyPoint, 'hex');
  const head = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');
  for (const { used, publicKey: key } of [
    { used: es256.used, publicKey: Buffer.concat([head, point]) },
    { used: rs256.used, publicKey },
  ]) {
    const answer = bytesOf(used);
    const kept = { publicKey: key, counter: 0 };
    assert.throws(() => verifyAssertion(answer, kept, SITE), /does not say who is there/);
    answer.signature.writeUInt8(answer.signature.readUInt8(20) ^ 1, 20);
    assert.throws(() => verifyAssertion(answer, kept, SITE), /is not signed by this passkey/);
  }
});

test('what was asked elsewhere, of nobody, or for something else is refused', () => {
  const fake = new FakeAuthenticator();
  const made = readMadePasskey(fake.make('abc'), SITE);
  const cases: [Said, RegExp][] = [
    [{ origin: 'https://example.org.evil.example' }, /is for "https:\/\/example\.org\.evil\.example", not/],
    [{ origin: 'http://example.org' }, /is for "http:\/\/example\.org", not/],
    [{ rpId: 'evil.example' }, /is for another site than example\.org/],
    [{ type: 'payment.get' }, /is of the type "payment\.get"/],
    [{ crossOrigin: true }, /is from a frame of another page/],
    [{ flags: 0x04 }, /was made while nobody was there/],
    [{ flags: 0x01 }, /does not say who is there/],
  ];
  for (const [said, reason] of cases) {
    assert.throws(() => readMadePasskey(fake.make('abc', said), SITE), reason);
    assert.throws(() => verifyAssertion(fake.use('abc', said), made, SITE), reason);
  }
});

test('a count that does not rise is refused, where one is kept at all', () => {
  const fake = new FakeAuthenticator();
  const { publicKey } = readMadePasskey(fake.make('abc'), SITE);
  const use = (counter: number, before: number) =>
    verifyAssertion(fake.use('abc', { counter }), { publicKey, counter: before }, SITE).counter;
  assert.deepEqual([use(0, 0), use(1, 0), use(9, 8)], [0, 1, 9]);
  for (const [counter, before] of [
    [8, 8],
    [7, 8],
    [0, 8],
  ] as const)
    assert.throws(() => use(counter, before), /there may be a copy of it: remove it/);
});

test('keys and bytes that are none are refused', () => {
  const fake = new FakeAuthenticator();
  const make = (cose: [number, unknown][]) => () =>
    readMadePasskey(fake.make('abc', {}, new Map(cose)), SITE);
  const x = Buffer.alloc(32, 1);
  assert.throws(make([]), /has a key of the algorithm undefined, not one of -7, -8, -257/);
  assert.throws(
    make([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, x],
      [-3, x],
    ]),
    /has a key that is none/,
  );
  assert.throws(
    make([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, x.subarray(1)],
      [-3, x],
    ]),
    /has a key of the algorithm -7/,
  );
  assert.throws(
    make([
      [1, 3],
      [3, -257],
      [-1, Buffer.alloc(64, 255)],
      [-2, Buffer.of(3)],
    ]),
    /an RSA key of 512 bits/,
  );
  const { clientData, attestation } = fake.make('abc');
  const read = (bytes: Uint8Array) => () => readMadePasskey({ clientData, attestation: bytes }, SITE);
  for (let length = 0; length < attestation.length; length += 7)
    assert.throws(read(attestation.subarray(0, length)), { name: 'WebAuthnError' });
  assert.throws(read(Buffer.from(encode({ authData: 'text' }))), /has no authenticator data/);
  assert.throws(read(Buffer.from(encode({ authData: Buffer.alloc(36) }))), /are too short/);
  for (const text of ['', '{', '7', '{"type":"webauthn.create","origin":"https://example.org"}'])
    assert.throws(() => readMadePasskey({ attestation, clientData: Buffer.from(text) }, SITE), {
      name: 'WebAuthnError',
    });
  const noKey = encode({ authData: fake.use('abc').authenticator });
  assert.throws(read(Buffer.from(noKey)), /names no key/);
});
