import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { nkeys } from '@nats-io/transport-node';
import { accept } from '../support/accept.ts';
import { startBroker } from '../support/broker.ts';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { makeOperator, type Operator } from '../support/jwt-operator.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

interface Secrets extends Certificates {
  readonly publicKey: string;
  readonly seedFile: string;
  readonly operator: Operator;
  readonly credsFile: string;
}

async function makeSecrets(t: TestContext): Promise<Secrets> {
  const { path } = await tempFolder(t);
  const user = nkeys.createUser();
  const seedFile = join(path, 'seed.txt');
  await writeFile(seedFile, `${new TextDecoder().decode(user.getSeed())}\n`, { mode: 0o600 });
  const operator = makeOperator();
  const credsFile = join(path, 'user.creds');
  await writeFile(credsFile, operator.creds(), { mode: 0o600 });
  const own = { publicKey: user.getPublicKey(), seedFile, operator, credsFile };
  return { ...(await makeCertificates(path)), ...own };
}

function tls({ certificate, key }: Secrets): string {
  return `tls { cert_file: "${certificate}", key_file: "${key}" }`;
}

function nkey({ publicKey }: Secrets): string {
  return `authorization { users = [ {nkey: ${publicKey}} ] }`;
}

/** A node that has both roles, as far as the broker is concerned: what it sends itself travels through it. */
async function works(node: StewardNode): Promise<void> {
  const place = { toNode: 'ship1', directory: 'd', fileName: 'f' };
  await accept(node, [{ ...place, method: 'REQCliCommand', methodArgs: ['echo', 'hello'] }]);
  assert.equal(await node.waitForFile('d/ship1/f', (text) => text.endsWith('\n')), 'hello\n');
}

const CASES = {
  'an nkey': { config: nkey, flags: ({ seedFile }: Secrets) => ({ nkeySeedFile: seedFile }) },
  'a private certificate authority': { config: tls, flags: ({ ca }: Secrets) => ({ rootCAPath: ca }) },
  'fault 24: both a private certificate authority and an nkey': {
    config: (secrets: Secrets) => `${tls(secrets)}\n${nkey(secrets)}`,
    flags: ({ ca, seedFile }: Secrets) => ({ rootCAPath: ca, nkeySeedFile: seedFile }),
  },
  'credentials of an operator': {
    config: ({ operator }: Secrets) => operator.config,
    flags: ({ credsFile }: Secrets) => ({ credsFile }),
    kind: 'nats-server',
  },
  'a client certificate and credentials of an operator': {
    config: (secrets: Secrets) =>
      `${tls(secrets).replace('}', `, ca_file: "${secrets.ca}", verify: true }`)}\n${secrets.operator.config}`,
    flags: ({ ca, certificate, key, credsFile }: Secrets) => ({
      ...{ rootCAPath: ca, tlsCertFile: certificate, tlsKeyFile: key, credsFile },
    }),
    kind: 'nats-server',
  },
} as const;

for (const [name, { config, flags, ...more }] of Object.entries(CASES)) {
  test(`a node connects with ${name}, and connects again when the broker was gone`, async (t) => {
    const secrets = await makeSecrets(t);
    const broker = await startBroker(t, { config: config(secrets), ...more });
    const all = { ...flags(secrets), natsConnectRetryInterval: 1, natsReconnectJitterTLS: 1 };
    const node = await startStewardNode({ name: 'ship1', central: 'ship1', broker, flags: all }, t);
    await works(node);
    await broker.restart();
    await accept(node, [
      { toNode: 'ship1', method: 'REQToFile', data: ['again'], directory: 'd', fileName: 'again' },
    ]);
    await node.waitForFile('d/ship1/again');
  });
}

test('a node does not connect to a broker whose certificate another authority gave, and says so', async (t) => {
  const [secrets, others] = [await makeSecrets(t), await makeSecrets(t)];
  const broker = await startBroker(t, { config: tls(secrets) });
  const flags = { rootCAPath: others.ca, natsConnectRetryInterval: 1 };
  const node = await startStewardNode({ name: 'ship1', broker, flags }, t);
  const refusal = await waitFor('a sentence on it', () =>
    node.logLines().find(({ msg }) => /no connection to the broker/.test(String(msg))),
  );
  assert.match(String(refusal.msg), /certificate/);
  assert.equal(node.program.exit, undefined);
});

test('a node with a private certificate authority does not speak to a broker without TLS', async (t) => {
  const secrets = await makeSecrets(t);
  const broker = await startBroker(t);
  const flags = { rootCAPath: secrets.ca, natsConnectRetryInterval: 1 };
  const node = await startStewardNode({ name: 'ship1', broker, flags }, t);
  await waitFor('a sentence on it', () =>
    node.logLines().some(({ msg }) => /no connection to the broker/.test(String(msg))),
  );
  assert.ok(!node.logLines().some(({ msg }) => msg === 'connected to the broker'));
});

test('a seed that the broker does not know is refused, and the node waits to be let in', async (t) => {
  const [secrets, others] = [await makeSecrets(t), await makeSecrets(t)];
  const broker = await startBroker(t, { config: nkey(others) });
  const flags = { nkeySeedFile: secrets.seedFile, natsConnectRetryInterval: 1 };
  const node = await startStewardNode({ name: 'ship1', central: 'ship1', broker, flags }, t);
  await waitFor('a sentence on it', () =>
    node.logLines().some(({ msg }) => /no connection to the broker.*Authorization/i.test(String(msg))),
  );
  await broker.restart({ config: nkey(secrets) });
  await works(node);
});

test('a seed file without a seed, or none at all, ends the start with a sentence', async (t) => {
  const broker = await startBroker(t);
  const { path } = await tempFolder(t);
  const empty = join(path, 'empty.txt');
  await writeFile(empty, 'nothing here\n');
  for (const [nkeySeedFile, sentence] of [
    [empty, /holds no user seed/],
    [join(path, 'none.txt'), /nkeySeedFile .*none\.txt cannot be read/],
  ] as const) {
    const start = startStewardNode({ name: 'ship1', broker, flags: { nkeySeedFile } });
    await assert.rejects(
      start,
      (error: Error) => sentence.test(error.message) && /exit code 2$/m.test(error.message),
    );
  }
});
