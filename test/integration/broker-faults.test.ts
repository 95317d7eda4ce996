import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { nkeys } from '@nats-io/transport-node';
import { type BrokerKind, startBroker } from '../support/broker.ts';
import { issueCertificate, makeCertificates } from '../support/certificates.ts';
import { makeOperator } from '../support/jwt-operator.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

const ERROR_FILE = 'errorLog/errorCentral/error.log';
const DAY_MS = 86_400_000;

interface Case {
  /** The broker's config while something is wrong, and once it is mended; undefined: it does not run. */
  readonly wrong: string | undefined;
  readonly right: string;
  readonly flags?: Readonly<Record<string, string>>;
  /** `user:password@` of the address. */
  readonly signIn?: string;
  /** Where one broker alone has such a config. */
  readonly kind?: BrokerKind;
  readonly sentence: RegExp;
}

const CASES: Readonly<Record<string, (folder: string) => Promise<Case>>> = {
  'an nkey that the broker does not know': async (folder) => {
    const [own, other] = [nkeys.createUser(), nkeys.createUser()];
    const users = (key: typeof own) => `authorization { users = [ {nkey: ${key.getPublicKey()}} ] }`;
    const nkeySeedFile = join(folder, 'seed');
    await writeFile(nkeySeedFile, own.getSeed());
    const sentence = new RegExp(`refuses the nkey ${own.getPublicKey()} .*: check nkeySeedFile`);
    return { wrong: users(other), right: users(own), flags: { nkeySeedFile }, sentence };
  },
  'a wrong password': async () => ({
    wrong: password('another'),
    right: password('p:w/@,%'),
    signIn: 'me%40home:p%3Aw%2F%40%2C%25@',
    sentence: /refuses the user me@home .*: check user and password in brokerAddress/,
  }),
  'no sign-in at all': async () => ({
    ...{ wrong: password('p'), right: '' },
    sentence: /asks for a sign-in .* and none is set: set nkeySeedFile or credsFile/,
  }),
  'credentials of another operator': async (folder) => {
    const [own, other] = [makeOperator(), makeOperator()];
    const credsFile = join(folder, 'own.creds');
    await writeFile(credsFile, own.creds());
    const sentence = /refuses the credentials of U\w+ .*: check credsFile/;
    return { wrong: other.config, right: own.config, flags: { credsFile }, sentence, kind: 'nats-server' };
  },
  "a certificate of another authority than the node's": async (folder) => {
    const [own, other] = [await makeCertificates(folder), await makeCertificates((await tempFolder()).path)];
    const sentence = /does not come from the authority in rootCAPath .*ca\.pem: name the root/;
    return { wrong: tls(other), right: tls(own), flags: { rootCAPath: own.ca }, sentence };
  },
  'a certificate that has expired': (folder) =>
    brokerCertificate(folder, { from: new Date(Date.now() - 3 * DAY_MS) }, /has expired: renew it there/),
  'a certificate that is not valid yet': (folder) =>
    brokerCertificate(folder, { from: new Date(Date.now() + DAY_MS) }, /not valid yet: check the clocks/),
  'a certificate for another host': (folder) =>
    brokerCertificate(
      folder,
      { name: 'DNS:elsewhere.example,IP:127.0.0.9' },
      /is for another host: connect by/,
    ),
  'a client certificate that is missing': async (folder) => {
    const own = await makeCertificates(folder);
    const sentence = /asks for a client certificate, and none is set: set tlsCertFile and tlsKeyFile/;
    return { wrong: tls(own, own.ca), right: tls(own), flags: { rootCAPath: own.ca }, sentence };
  },
  'a client certificate of an authority that the broker does not trust': async (folder) => {
    const [own, other] = [await makeCertificates(folder), await makeCertificates((await tempFolder()).path)];
    const flags = { rootCAPath: own.ca, tlsCertFile: own.certificate, tlsKeyFile: own.key };
    const sentence = /refuses the client certificate in tlsCertFile .* \(.*\): use one of an authority/;
    return { wrong: tls(own, other.ca), right: tls(own, own.ca), flags, sentence };
  },
  'TLS of a private authority, of which the node was told nothing': async (folder) => ({
    ...{ wrong: tls(await makeCertificates(folder)), right: '' },
    sentence: /authority that this machine does not know: name the root certificate with rootCAPath/,
  }),
  'no TLS, which the node asks for': async (folder) => {
    const own = await makeCertificates(folder);
    const sentence = /does not speak TLS, which .* asks for: switch TLS on there, or off here/;
    return { wrong: '', right: tls(own), flags: { rootCAPath: own.ca }, sentence };
  },
  'no broker': async () => ({
    ...{ wrong: undefined, right: '' },
    sentence: /nothing listens there: check brokerAddress, and that the broker runs/,
  }),
};

for (const [name, prepare] of Object.entries(CASES)) {
  test(`${name}: a sentence in the log, attempts that go on, and a report once it is mended`, async (t) => {
    const {
      wrong,
      right,
      flags = {},
      signIn = '',
      sentence,
      kind,
    } = await prepare((await tempFolder(t)).path);
    const broker = await startBroker(t, { config: wrong ?? '', kind });
    if (wrong === undefined) await broker.kill();
    const node = await startCentral(t, `nats://${signIn}127.0.0.1:${broker.port}`, flags);
    const line = await sentenceIn(node, sentence);
    assert.match(
      line,
      /^no connection to the broker at nats:\/\/127\.0\.0\.1:\d+: .*; trying again every 1 s$/,
    );
    // A broker that is only away for a moment is not reported: an attempt more.
    if (wrong === undefined)
      await waitFor('a report to wait', () => node.query('SELECT * FROM outbox').length > 0);
    await broker.restart({ config: right });
    const report = await node.waitForFile(ERROR_FILE, (text) => sentence.test(text));
    assert.match(report, /^.*, node: central, error: no connection to the broker at /);
    assert.equal(told(node, sentence).length, 1, 'and no flood');
    if (signIn) assertNoSecret(node, ['p:w', 'p%3Aw'], report);
  });
}

test('a name that nobody knows is told, and the node runs on', async (t) => {
  const node = await startCentral(t, 'nats://me:hidden@no-such-host.invalid:4222', {});
  await sentenceIn(node, /name is not found \(\w+\): check brokerAddress, and the name service/);
  await waitFor('a report to wait', () => node.query('SELECT * FROM outbox').length > 0);
  assert.equal(node.program.exit, undefined);
  assertNoSecret(node, ['hidden'], '');
});

test('what goes wrong while a node runs is told too, and files are read anew', async (t) => {
  const { path } = await tempFolder(t);
  const own = makeOperator();
  const credsFile = join(path, 'own.creds');
  const ending = Math.floor(Date.now() / 1000) + 4;
  await writeFile(credsFile, own.creds({ expiresAt: ending }));
  const broker = await startBroker(t, { config: own.config, kind: 'nats-server' });
  const node = await startCentral(t, broker.url, { credsFile });
  assert.ok(node.logLines().some(({ msg }) => msg === 'connected to the broker'));
  await sentenceIn(node, /refuses the credentials of U\w+, which end on 20\S+ .*: check credsFile/);
  await writeFile(credsFile, 'nothing\n');
  await sentenceIn(node, /credsFile .* holds no user JWT/);
  await writeFile(credsFile, own.creds());
  await node.waitForFile(ERROR_FILE, (text) => /which end on/.test(text) && /holds no user JWT/.test(text));
});

async function brokerCertificate(
  folder: string,
  bad: { name?: string; from?: Date },
  sentence: RegExp,
): Promise<Case> {
  const own = await makeCertificates(folder);
  const wrong = tls(await issueCertificate(own.ca, { path: join(folder, 'bad.pem'), ...bad }));
  return { wrong, right: tls(own), flags: { rootCAPath: own.ca }, sentence };
}

function tls({ certificate, key }: { certificate: string; key: string }, clientCa?: string): string {
  const verify = clientCa ? `, ca_file: "${clientCa}", verify: true` : '';
  return `tls { cert_file: "${certificate}", key_file: "${key}"${verify} }`;
}

function password(text: string): string {
  return `authorization { users = [ {user: "me@home", password: "${text}"} ] }`;
}

/** A node that is the central one, to which its own reports come. */
function startCentral(
  t: TestContext,
  url: string,
  flags: Readonly<Record<string, string>>,
): Promise<StewardNode> {
  const all = { natsConnectRetryInterval: 1, natsReconnectJitterTLS: 0, ...flags, brokerAddress: url };
  return startStewardNode({ name: 'central', broker: url, flags: all }, t);
}

function told(node: StewardNode, sentence: RegExp): string[] {
  return node
    .logLines()
    .map(({ msg }) => String(msg))
    .filter((msg) => sentence.test(msg));
}

function sentenceIn(node: StewardNode, sentence: RegExp): Promise<string> {
  return waitFor(`the log to say ${sentence}`, () => told(node, sentence)[0]).catch((error: Error) => {
    throw new Error(`${error.message}\n${node.program.output()}`, { cause: error });
  });
}

function assertNoSecret(node: StewardNode, secrets: readonly string[], report: string): void {
  for (const secret of secrets) {
    assert.ok(!`${node.program.stdout}${node.program.stderr}${report}`.includes(secret), secret);
  }
}
