import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { type BusOptions, connectOptions } from './connect-options.ts';

const OPTIONS: BusOptions = {
  ...{ nodeName: 'ship1', brokerAddress: '127.0.0.1:4222', rootCaPath: '', nkeySeedFile: '' },
  ...{ connectTimeoutMs: 1000, retryIntervalMs: 2000, reconnectJitterMs: 3, reconnectJitterTlsMs: 4 },
};

test('several addresses, and the first user and password among them', () => {
  const brokerAddress = 'nats://a:4222, nats://us%40er:p%3Aw@b:4222,c';
  const { servers, user, pass, tls } = connectOptions({ ...OPTIONS, brokerAddress });
  assert.deepEqual(
    [servers, user, pass],
    [['nats://a:4222', 'nats://us%40er:p%3Aw@b:4222', 'c'], 'us@er', 'p:w'],
  );
  assert.equal(tls, undefined);
});

test('a node never stops trying to reconnect', () => {
  const { reconnect, maxReconnectAttempts, reconnectTimeWait } = connectOptions(OPTIONS);
  assert.deepEqual([reconnect, maxReconnectAttempts, reconnectTimeWait], [true, -1, 2000]);
});

test('TLS is used for a tls:// address, or where there is a root certificate', async (t) => {
  const { path } = await tempFolder(t);
  const rootCaPath = join(path, 'ca.pem');
  writeFileSync(rootCaPath, 'the certificate');
  assert.notEqual(connectOptions({ ...OPTIONS, brokerAddress: 'tls://a' }).tls, undefined);
  assert.equal(connectOptions({ ...OPTIONS, rootCaPath }).tls?.ca, 'the certificate');
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
  writeFileSync(nkeySeedFile, `# of ship1\nSU${'A'.repeat(56)}\n`);
  assert.equal(typeof connectOptions({ ...OPTIONS, nkeySeedFile }).authenticator, 'function');
});
