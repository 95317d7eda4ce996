import assert from 'node:assert/strict';
import { copyFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { startBroker } from '../support/broker.ts';
import { issueCertificate, makeCertificates } from '../support/certificates.ts';
import { startStewardNode } from '../support/node.ts';
import { apiOf } from '../support/node-api.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

test('the console by TLS: its link, its cookie, its origin, and a certificate that is renewed', async (t) => {
  const { path: folder } = await tempFolder(t);
  const { ca } = await makeCertificates(folder);
  const issue = (path: string) =>
    issueCertificate(ca, { path: join(folder, path), name: 'DNS:steward.test,IP:127.0.0.1' });
  const { certificate, key } = await issue('web.pem');
  const flags = { webListener: '127.0.0.1:0', webCertFile: certificate, webKeyFile: key };
  const broker = await startBroker(t);
  const central = await startStewardNode({ name: 'central', broker, flags }, t);
  const { url } = await apiOf(central, t).signInLink({});
  assert.match(url, /^https:\/\/steward\.test:\d+\/#in=/);
  const { port, origin, host, hash } = new URL(url);
  const ask = (path: string, headers: object, body?: string) =>
    new Promise<{ status: number; cookie: string; text: string }>((resolve, reject) => {
      const method = body === undefined ? 'GET' : 'POST';
      const place = { host: '127.0.0.1', port, path, method, agent: false, rejectUnauthorized: false };
      const sent = request({ ...place, headers: { Host: host, ...headers } }, async (reply) => {
        const [cookie = ''] = reply.headers['set-cookie'] ?? [];
        resolve({ status: reply.statusCode!, cookie, text: await text(reply) });
      });
      sent.on('error', reject).end(body);
    });
  const signedIn = await ask('/session', { Origin: origin }, hash.replace('#in=', ''));
  assert.match(
    signedIn.cookie,
    /^__Host-steward-central=[\w-]{32}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
  );
  const Cookie = signedIn.cookie.split(';')[0];
  assert.equal((await ask('/v1/status', { Cookie })).status, 200);
  for (const wrong of [`http://${host}`, 'https://evil.example'])
    assert.equal((await ask('/v1/status', { Cookie, Origin: wrong })).status, 403, wrong);

  const served = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false }, () => {
        resolve(socket.getPeerX509Certificate()!.serialNumber);
        socket.destroy();
      });
      socket.on('error', reject);
    });
  const before = await served();
  await writeFile(certificate, 'no certificate');
  central.program.signal('SIGHUP');
  await waitFor('the node to say that it cannot use it', () =>
    central.program.stderr.includes('a new certificate cannot be used: the one before stays'),
  );
  assert.equal(await served(), before);
  const renewed = await issue('renewed.pem');
  await copyFile(renewed.key, key);
  await copyFile(renewed.certificate, certificate);
  central.program.signal('SIGHUP');
  await waitFor('the new certificate', async () => (await served()) !== before);
  assert.equal((await ask('/v1/status', { Cookie })).status, 200);
});

test('a certificate that is none keeps the node from starting, with the way out', async (t) => {
  const { path: folder } = await tempFolder(t);
  const { certificate, key } = await makeCertificates(folder);
  const other = await issueCertificate(join(folder, 'ca.pem'), { path: join(folder, 'other.pem') });
  const broker = await startBroker(t);
  for (const [webCertFile, webKeyFile, reason] of [
    [join(folder, 'missing.pem'), key, /missing\.pem cannot be read: /],
    [certificate, certificate, /are no certificate and its key, in PEM/],
    [certificate, other.key, /are no certificate and its key, in PEM: .*key values mismatch/],
  ] as const) {
    const flags = { webListener: '127.0.0.1:0', webCertFile, webKeyFile };
    const node = await startStewardNode({ name: 'central', broker, flags, waitUntilReady: false }, t);
    assert.notEqual((await node.program.exited).code, 0);
    assert.match(node.program.output(), reason);
  }
});
