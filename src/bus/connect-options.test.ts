import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nkeys } from '@nats-io/transport-node';
import { makeCertificates } from '../../test/support/certificates.ts';
import { makeOperator } from '../../test/support/jwt-operator.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { type BusOptions, connectOptions } from './connect-options.ts';

const OPTIONS: BusOptions = {
  ...{ nodeName: 'ship1', brokerAddress: '127.0.0.1:4222', rootCaPath: '', nkeySeedFile: '' },
  ...{ credsFile: '', tlsCertFile: '', tlsKeyFile: '' },
  ...{
    connectTimeoutMs: 1000,
    silenceMs: 60_000,
    retryIntervalMs: 2000,
    reconnectJitterMs: 3,
    reconnectJitterTlsMs: 4,
  },
};

test('several addresses, and the first user and password among them', () => {
  const brokerAddress = 'nats://a:4222, nats://us%40er:p%3Aw@b:4222,c';
  const { servers, user, pass, tls } = connectOptions({ ...OPTIONS, brokerAddress });
  assert.deepEqual([servers, user, pass], [['nats://a:4222', 'nats://b:4222', 'c'], 'us@er', 'p:w']);
  assert.equal(tls, undefined);
});

test('TLS is used for a tls:// address, or where there is a certificate', async (t) => {
  const { path } = await tempFolder(t);
  const { ca, certificate, key } = await makeCertificates(path);
  assert.notEqual(connectOptions({ ...OPTIONS, brokerAddress: 'tls://a' }).tls, undefined);
  assert.equal(connectOptions({ ...OPTIONS, rootCaPath: ca }).tls?.ca, readFileSync(ca, 'utf8'));
  const withOwn = connectOptions({ ...OPTIONS, tlsCertFile: certificate, tlsKeyFile: key }).tls;
  assert.deepEqual(
    [withOwn?.cert, withOwn?.key],
    [readFileSync(certificate, 'utf8'), readFileSync(key, 'utf8')],
  );
});

test('certificates and keys that do not work are named with their option', async (t) => {
  const { path } = await tempFolder(t);
  const { ca, certificate, key } = await makeCertificates(path);
  const other = await makeCertificates((await tempFolder(t)).path);
  for (const [files, message] of [
    [{ rootCaPath: key }, /^rootCAPath .*-key\.pem holds no certificate/],
    [{ tlsCertFile: certificate }, /^tlsCertFile is set without tlsKeyFile/],
    [{ tlsKeyFile: key }, /^tlsKeyFile is set without tlsCertFile/],
    [{ tlsCertFile: key, tlsKeyFile: key }, /^tlsCertFile .* holds no certificate/],
    [{ tlsCertFile: certificate, tlsKeyFile: ca }, /^tlsKeyFile .* holds no key/],
    [{ tlsCertFile: certificate, tlsKeyFile: other.key }, /^tlsKeyFile .* is not the key of the certificate/],
  ] as const) {
    assert.throws(() => connectOptions({ ...OPTIONS, ...files }), {
      code: 'bad-option',
      exitCode: 2,
      message,
    });
  }
});

test('files that cannot be used are named with their option', async (t) => {
  const { path } = await tempFolder(t);
  const nkeySeedFile = join(path, 'seed');
  assert.throws(() => connectOptions({ ...OPTIONS, rootCaPath: join(path, 'none') }), {
    code: 'bad-option',
    message: /^rootCAPath .*none cannot be read/,
  });
  writeFileSync(nkeySeedFile, 'no seed\n');
  assert.throws(() => connectOptions({ ...OPTIONS, nkeySeedFile }), {
    code: 'bad-option',
    message: /^nkeySeedFile .* holds no user seed/,
  });
  writeFileSync(nkeySeedFile, `SU${'A'.repeat(56)}\n`);
  assert.throws(() => connectOptions({ ...OPTIONS, nkeySeedFile }), { message: /holds no user seed/ });
  const seed = new TextDecoder().decode(nkeys.createUser().getSeed());
  writeFileSync(nkeySeedFile, `# of ship1\r\n${seed}\r\n`);
  assert.equal(typeof connectOptions({ ...OPTIONS, nkeySeedFile }).authenticator, 'function');
});

test('a .creds file must hold a JWT and its own seed', async (t) => {
  const { path } = await tempFolder(t);
  const credsFile = join(path, 'ship1.creds');
  const [text, other] = [makeCreds(), makeCreds()];
  writeFileSync(credsFile, text.replaceAll('\n', '\r\n'));
  assert.equal(typeof connectOptions({ ...OPTIONS, credsFile }).authenticator, 'function');
  const seedBlock = other.slice(other.indexOf('-----BEGIN USER NKEY'));
  for (const [bad, message] of [
    ['', /^credsFile .* holds no user JWT/],
    [text.slice(0, text.indexOf('-----BEGIN USER NKEY')), /holds no user seed/],
    [text.replace(/^SU.{10}/m, 'SUAAAAAAAAAA'), /seed that is damaged/],
    [text.replace(/^ey\w+\.\w+/m, 'x.y'), /JWT that is damaged/],
    [text.slice(0, text.indexOf('-----BEGIN USER NKEY')) + seedBlock, /does not belong to its JWT/],
  ] as const) {
    writeFileSync(credsFile, bad);
    assert.throws(() => connectOptions({ ...OPTIONS, credsFile }), {
      code: 'bad-option',
      exitCode: 2,
      message,
    });
  }
  writeFileSync(credsFile, text);
  assert.throws(() => connectOptions({ ...OPTIONS, credsFile, nkeySeedFile: credsFile }), {
    message: /both set/,
  });
});

/** What nsc writes for a user of an account of the test's own. */
function makeCreds(): string {
  return makeOperator().creds();
}
