import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { makeAuthority, makeServerCertificate } from './certificate.ts';

const VALIDITY = { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2066-01-01T00:00:00Z') };
const NAME = 'Broker of central';
const HOSTS = ['localhost', 'host.example', '127.0.0.1', '::1', 'fe80::1:2', '2001:db8::', '::ffff:10.1.2.3'];

function make() {
  const authority = makeAuthority(NAME, VALIDITY);
  const key = createPrivateKey(authority.key);
  const server = makeServerCertificate(
    { name: 'central', hosts: HOSTS, validity: VALIDITY },
    { name: NAME, key },
  );
  return { authority, server };
}

test('a server certificate is issued and signed by its authority, for its hosts and its time', () => {
  const { authority, server } = make();
  const [ca, leaf] = [new X509Certificate(authority.certificate), new X509Certificate(server.certificate)];
  assert.ok(ca.ca && !leaf.ca);
  assert.ok(leaf.checkIssued(ca) && leaf.verify(ca.publicKey) && ca.verify(ca.publicKey));
  assert.ok(leaf.checkPrivateKey(createPrivateKey(server.key)));
  assert.equal(leaf.validFromDate.toISOString(), '2026-01-01T00:00:00.000Z');
  assert.equal(leaf.validToDate.toISOString(), '2066-01-01T00:00:00.000Z');
  for (const host of HOSTS) assert.ok(leaf.checkHost(host) ?? leaf.checkIP(host), host);
  assert.equal(leaf.checkIP('127.0.0.2'), undefined);
  assert.equal(leaf.checkHost('other.example'), undefined);
});

test('openssl takes the chain for a server, and not for another authority', async (t) => {
  const { path } = await tempFolder(t);
  const { authority, server } = make();
  const [ca, leaf, other] = ['ca.pem', 'leaf.pem', 'other.pem'].map((name) => join(path, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(ca, authority.certificate);
  await writeFile(leaf, server.certificate);
  await writeFile(other, make().authority.certificate);
  const verify = (root: string) =>
    promisify(execFile)('openssl', [
      'verify',
      '-x509_strict',
      '-purpose',
      'sslserver',
      '-CAfile',
      root,
      leaf,
    ]);
  assert.match((await verify(ca)).stdout, /OK/);
  await assert.rejects(verify(other));
});

test('TLS works with it under full verification', async (t) => {
  const { authority, server } = make();
  const chain = `${server.certificate}${authority.certificate}`;
  const listening = createServer({ cert: chain, key: server.key }, (socket) => socket.end('hello'));
  t.after(() => listening.close());
  await once(listening.listen(0, '127.0.0.1'), 'listening');
  const { port } = listening.address() as AddressInfo;
  const socket: TLSSocket = connect({
    socket: connectTcp(port, '127.0.0.1'),
    host: '127.0.0.1',
    ca: authority.certificate,
  });
  await once(socket, 'secureConnect');
  assert.ok(socket.authorized);
  socket.destroy();
});
