import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { checkNatsConfig } from '../../src/cli/setup/check-nats-config.ts';
import { isPublicNkey, publicKeyOfSeed } from '../../src/lib/nkey.ts';
import { startBroker } from '../support/broker.ts';
import { withoutPort } from '../support/broker-examples.ts';
import { makeCertificates } from '../support/certificates.ts';
import { callSteward } from '../support/cli-call.ts';
import { submitAll, waitForEnd } from '../support/fleet.ts';
import { makeOperator } from '../support/jwt-operator.ts';
import { startStewardNode } from '../support/node.ts';
import { tempFolder } from '../support/temp-folder.ts';

const KEY = 'UCYLGQYDFGQOAJWB45UAFKUEVNZPWHEBEJUAPVDVBGE2DXDZOIEBCPIN';

async function setUp(t: TestContext) {
  const { path } = await tempFolder(t);
  process.chdir(path);
  t.after(() => process.chdir('/'));
  const steward = (args: readonly string[]) => callSteward(args, { env: { PATH: process.env.PATH! } });
  const fails = async (args: readonly string[], sentence: RegExp) => {
    const { code, stdout, stderr } = await steward(args);
    assert.deepEqual([code, stdout], [1, ''], stderr);
    assert.match(stderr, /^steward: [^\n]+\n$/);
    assert.match(stderr, sentence);
  };
  const sshKey = async (name: string, ...args: string[]) => {
    await promisify(execFile)('ssh-keygen', ['-q', '-f', join(path, name), '-C', 'a comment', ...args]);
    return name;
  };
  return { path, steward, fails, sshKey };
}

test('a key is made once: its file is private and is not overwritten', async (t) => {
  const { path, steward, fails } = await setUp(t);
  const { code, stdout, stderr } = await steward(['keys', 'make', '--name', 'ship1']);
  assert.equal(code, 0, stderr);
  const key = /^ship1=(U\w+)\n$/.exec(stdout)?.[1] ?? '';
  assert.ok(isPublicNkey(key), stdout);
  const seed = await readFile(join(path, 'ship1.nk'), 'utf8');
  assert.equal(publicKeyOfSeed(seed.trim()), key);
  assert.equal((await stat(join(path, 'ship1.nk'))).mode & 0o777, 0o600);
  assert.ok(!stderr.includes(seed.trim()), 'the seed is not shown');
  await fails(
    ['keys', 'make', '--out', 'ship1.nk'],
    /ship1\.nk exists, and a key that is overwritten is lost/,
  );
  assert.equal(await readFile(join(path, 'ship1.nk'), 'utf8'), seed);
  const forced = await steward(['keys', 'make', '--out', 'ship1.nk', '--force']);
  assert.notEqual(await readFile(join(path, 'ship1.nk'), 'utf8'), seed);
  assert.equal((await steward(['keys', 'show', 'ship1.nk'])).stdout, forced.stdout);
  assert.equal((await stat(join(path, 'ship1.nk'))).mode & 0o777, 0o600);
});

test('the public key of each kind of file is shown', async (t) => {
  const { path, steward, fails, sshKey } = await setUp(t);
  const ssh = await sshKey('id', '-t', 'ed25519', '-N', '');
  await writeFile(join(path, 'a.creds'), makeOperator().creds());
  await writeFile(join(path, 'a.pub'), `${KEY}\n`);
  const shown = async (file: string) => (await steward(['keys', 'show', file])).stdout.trim();
  assert.equal(await shown('a.pub'), KEY);
  assert.ok(isPublicNkey(await shown('a.creds')));
  assert.equal(await shown(ssh), await shown(`${ssh}.pub`));
  await writeFile(join(path, 'other'), 'nothing');
  await fails(['keys', 'show', 'other'], /other holds no key that is known here/);
  await fails(['keys', 'show', 'missing'], /missing cannot be read: ENOENT/);
  await fails(['keys', 'show'], /keys show needs a file/);
  await fails(['keys'], /needs a word: make, show or convert/);
});

test('an OpenSSH key becomes a seed with the same public key, which a node and nats-server take', async (t) => {
  const { path, steward, sshKey } = await setUp(t);
  const ssh = await sshKey('id', '-t', 'ed25519', '-N', '');
  const converted = await steward(['keys', 'convert', ssh, '--out', 'central.nk']);
  assert.equal(converted.code, 0, converted.stderr);
  assert.equal((await steward(['keys', 'convert', `${ssh}.pub`])).stdout, converted.stdout);
  const publicLine = (await readFile(join(path, `${ssh}.pub`), 'utf8')).trim();
  const made = await steward(['broker-config', '--node', `central=${publicLine}`]);
  assert.equal(made.stderr, 'Checked with nats-server -t: it is valid.\n');
  const broker = await startBroker(t, { config: withoutPort(made.stdout) });
  const flags = { nkeySeedFile: join(path, 'central.nk') };
  const central = await startStewardNode({ name: 'central', broker, flags }, t);
  const request = { toNode: 'central', method: 'REQCliCommand', methodArgs: ['true'] };
  const [id] = await submitAll(central, { ...request, directory: 'd', fileName: 'f' });
  assert.equal((await waitForEnd(central, id!)).state, 'succeeded');
});

test('an SSH key that cannot be used is named with the way out', async (t) => {
  const { path, fails, sshKey } = await setUp(t);
  const convert = (file: string) => ['keys', 'convert', file, '--out', 'x.nk'];
  await sshKey('locked', '-t', 'ed25519', '-N', 'secret');
  await fails(
    convert('locked'),
    /passphrase: make a copy without one \(cp -p locked locked\.plain && ssh-keygen -p/,
  );
  await sshKey('rsa', '-t', 'rsa', '-b', '2048', '-N', '');
  await fails(convert('rsa'), /rsa is an rsa key, and an nkey is made of ed25519 ones alone/);
  await fails(['keys', 'show', 'rsa.pub'], /rsa\.pub is an rsa key/);
  await sshKey('pem', '-t', 'ecdsa', '-m', 'PEM', '-N', '');
  await fails(convert('pem'), /pem is an ec key/);
  await sshKey('id', '-t', 'ed25519', '-N', '');
  const text = await readFile(join(path, 'id'), 'utf8');
  const lines = text.trim().split('\n');
  await writeFile(join(path, 'short'), [lines[0], lines[1], lines.at(-1)].join('\n'));
  await fails(convert('short'), /short is damaged/);
  const raw = Buffer.from(lines.slice(1, -1).join(''), 'base64');
  raw[raw.length - 60]! ^= 1;
  await writeFile(join(path, 'bent'), [lines[0], raw.toString('base64'), lines.at(-1)].join('\n'));
  await fails(convert('bent'), /bent is damaged: its parts do not belong together/);
  await fails(['keys', 'convert', 'id'], /keys convert needs --out FILE/);
});

test('a configuration is written for the nodes of a file, and its own one is replaced alone', async (t) => {
  const { path, steward, fails } = await setUp(t);
  const keys: string[] = [];
  for (const name of ['central', 'ship1', 'ship2']) {
    keys.push((await steward(['keys', 'make', '--name', name])).stdout.trim());
  }
  await writeFile(
    join(path, 'fleet.keys'),
    `# our fleet\n${keys.join('\n').replace('=', ' = ')} # the last\n`,
  );
  const args = ['broker-config', '--nodes-file', 'fleet.keys', '--out', 'nats.conf'];
  const first = await steward(args);
  assert.equal(first.code, 0, first.stderr);
  assert.equal((await steward([...args, '--relay', 'ship1:central:ship2', '--port', '4333'])).code, 0);
  const text = await readFile(join(path, 'nats.conf'), 'utf8');
  assert.match(text, /^port: 4333$/m);
  assert.match(text, /"ship2\.central\.REQRelay\.EventACK"/);
  for (const key of keys) assert.ok(text.includes(`nkey: ${key.split('=')[1]}\n`), key);
  await writeFile(join(path, 'nats.conf'), 'port: 1\n');
  await fails(args, /nats\.conf was not made by this command/);
  assert.equal((await steward([...args, '--force'])).code, 0);
});

test('mistakes in what nodes are given are named', async (t) => {
  const { path, steward, fails } = await setUp(t);
  const config = (...args: string[]) => ['broker-config', ...args];
  await fails(config('--node', `ship1=${KEY}`), /the central node central has no public key/);
  await fails(config('--node', 'central'), /--node central: it is not NAME=KEY/);
  await fails(config('--node', 'central=abc'), /the key is neither a public nkey/);
  await fails(config('--node', `central=${KEY.replace('Y', 'Z')}`), /the key is neither a public nkey/);
  await fails(config('--node', `a*=${KEY}`), /"a\*" is no node name: it contains "\*"/);
  await fails(config('--node', `central=${KEY}`, '--node', `central=${KEY}`), /central is given twice/);
  await fails(
    config('--node', `central=${KEY}`, '--node', `ship1=${KEY}`),
    /central and ship1 have the same key/,
  );
  await fails(config('--node', `central=${KEY}`, '--relay', 'a:b'), /the relay "a:b" is not FROM:VIA:TO/);
  await fails(config('--node', `central=${KEY}`, '--relay', 'a:b:a'), /names one node twice/);
  await fails(
    config('--node', `central=${KEY}`, '--relay', 'a:central:b'),
    /names a, which is not among the nodes/,
  );
  await fails(config('--node', `central=${KEY}`, '--port', '70000'), /--port "70000" is no port/);
  await fails(
    config('--node', `central=${KEY}`, '--tls-cert', 'x'),
    /TLS needs both --tls-cert FILE and --tls-key/,
  );
  await steward(['keys', 'make', '--out', 'a.nk']);
  const seed = (await readFile(join(path, 'a.nk'), 'utf8')).trim();
  const told = await steward(config('--node', `central=${seed}`));
  assert.match(told.stderr, /^steward: central: that is a seed, which belongs on the node alone/);
  assert.ok(!told.stderr.includes(seed));
});

test('the certificates of a configuration are checked where they are, and else left out of the check', async (t) => {
  const { path, steward, fails } = await setUp(t);
  const { ca, certificate, key } = await makeCertificates(path);
  const node = ['broker-config', '--node', `central=${KEY}`];
  const there = await steward([...node, '--tls-cert', certificate, '--tls-key', key, '--tls-ca', ca]);
  assert.equal(there.stderr, 'Checked with nats-server -t: it is valid.\n');
  assert.match(there.stdout, /ca_file: .*\n {2}verify: true/);
  const absent = await steward([...node, '--tls-cert', '/not/here', '--tls-key', '/nor/here']);
  assert.match(
    absent.stderr,
    /^Checked with nats-server -t: it is valid, but for its certificates, which are not/,
  );
  assert.match(absent.stdout, /cert_file: "\/not\/here"/);
  await fails(
    [...node, '--tls-cert', key, '--tls-key', key],
    /nats-server does not take the configuration: line \d+/,
  );
});

test('without nats-server a configuration is said to be unchecked', async () => {
  const given = { env: process.env, command: 'nats-server-that-nobody-has' };
  const said = await checkNatsConfig({ text: '', withoutTls: '' }, given);
  assert.equal(said, 'Not checked: nats-server is not installed on this machine.');
});
