import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { makeUserKey, signWith } from '../lib/nkey.ts';
import { makeAuthority } from './certificate.ts';
import { readAnswer, readRequest, writeAnswer, writeRequest } from './join-messages.ts';

const VALIDITY = { from: new Date('2026-01-01'), to: new Date('2066-01-01') };
const ADMITTED = { verdict: 'admitted', central: 'central', name: 'ship1' } as const;

function setUp() {
  const [token, node] = [makeUserKey(), makeUserKey()];
  const authority = makeAuthority('test', VALIDITY);
  const text = writeRequest({ tokenSeed: token.seed, nodeSeed: node.seed, name: 'ship1' });
  const key = createPrivateKey(authority.key);
  return { token, node, text, key, publicKey: new X509Certificate(authority.certificate).publicKey };
}

function changed(text: string, change: (outer: Record<string, unknown>) => void): Buffer {
  const outer = JSON.parse(text) as Record<string, unknown>;
  change(outer);
  return Buffer.from(JSON.stringify(outer));
}

test('a request says who asks with what, and holds no secret', () => {
  const { token, node, text } = setUp();
  const read = readRequest(Buffer.from(text));
  assert.equal(read?.request.token, token.publicKey);
  assert.equal(read?.request.key, node.publicKey);
  assert.equal(read?.request.name, 'ship1');
  assert.ok(!text.includes(token.seed) && !text.includes(node.seed));
});

test('a request that was changed, signed by another or is none is passed over', () => {
  const { token, node, text } = setUp();
  const other = makeUserKey();
  const bodyOf = (fields: object) => JSON.stringify({ ...JSON.parse(JSON.parse(text).body), ...fields });
  const bad = [
    changed(text, (outer) => Object.assign(outer, { body: bodyOf({ name: 'ship2' }) })),
    changed(text, (outer) => Object.assign(outer, { body: bodyOf({ key: other.publicKey }) })),
    changed(text, (outer) => Object.assign(outer, { body: bodyOf({ token: other.publicKey }) })),
    changed(text, (outer) => Object.assign(outer, { byKey: signWith(other.seed, String(outer.body)) })),
    changed(text, (outer) => Object.assign(outer, { byToken: signWith(token.seed, String(outer.body)) })),
    changed(text, (outer) => Object.assign(outer, { byToken: outer.byKey })),
    changed(text, (outer) => delete outer.byKey),
    // The token's key as the node's: whoever sees the token could sign in for ever.
    Buffer.from(writeRequest({ tokenSeed: token.seed, nodeSeed: token.seed, name: 'ship1' })),
    Buffer.from(writeRequest({ tokenSeed: token.seed, nodeSeed: node.seed, name: 'x'.repeat(5000) })),
    ...['', '{}', 'null', '[]', '{"body":1}', '{"body":"{}","byToken":"","byKey":""}', '\0\xff'].map((one) =>
      Buffer.from(one),
    ),
  ];
  for (const payload of bad) assert.equal(readRequest(payload), undefined, payload.toString());
});

test('an answer counts for its own request, and with the signature of the authority', () => {
  const { token, node, text, key, publicKey } = setUp();
  const { hash } = readRequest(Buffer.from(text))!;
  const answer = writeAnswer(ADMITTED, hash, key);
  assert.deepEqual(readAnswer(answer, text, publicKey), ADMITTED);
  const again = writeRequest({ tokenSeed: token.seed, nodeSeed: node.seed, name: 'ship1' });
  assert.equal(readAnswer(answer, again, publicKey), undefined, 'an answer to another request');
  assert.equal(readAnswer(answer, text, setUp().publicKey), undefined, 'another authority');
  const bent = changed(answer, (outer) =>
    Object.assign(outer, { body: String(outer.body).replace('ship1', 'ship2') }),
  );
  assert.equal(readAnswer(bent.toString(), text, publicKey), undefined, 'a changed answer');
  for (const bad of ['', '{}', '{"body":"{}","signature":""}'])
    assert.equal(readAnswer(bad, text, publicKey), undefined);
  const refused = { verdict: 'used', reason: 'because' } as const;
  assert.deepEqual(readAnswer(writeAnswer(refused, hash, key), text, publicKey), refused);
});
