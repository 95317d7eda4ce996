import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { loadConfig } from './load-config.ts';

const NAMES = ['-nodeName=ship1', '-centralNodeName=central'];

test('listeners on loopback need no token, others take one from the environment, which is never written', async (t) => {
  const { load, path } = await configFolder(t);
  const local = [
    '-tcpListener=127.0.0.9:1',
    '-httpListener=[::1]:2',
    '-exposeDataFolder=localhost:3',
    '-apiListener=127.0.0.1:4',
    '-webListener=localhost:5',
  ];
  const { config } = await load([...NAMES, ...local, '-profilingPort=6060']);
  assert.deepEqual(config.httpListener, { host: '::1', port: 2 });
  assert.deepEqual(config.apiListener, { host: '127.0.0.1', port: 4 });
  assert.deepEqual(config.webListener, { host: 'localhost', port: 5 });
  assert.deepEqual(config.profilingPort, { host: '127.0.0.1', port: 6060 });
  const env = { LISTENER_TOKEN: 'from-env' };
  assert.equal((await load(['-tcpListener=:1'], env)).config.listenerToken, 'from-env');
  assert.doesNotMatch(await readFile(path, 'utf8'), /from-env/);
  assert.equal((await load(['-listenerToken=by-flag'])).config.listenerToken, 'by-flag');
  assert.match(await readFile(path, 'utf8'), /^ListenerToken = "by-flag"$/m);
});

test('a token is asked for on loopback too where trust is closed; where it is not, what will be is said', async (t) => {
  const { load } = await configFolder(t);
  const args = [...NAMES, '-tcpListener=127.0.0.1:1', '-apiListener=[::1]:2'];
  const tokenWarning = /listener token, .* at -tcpListener, -apiListener: .* steward trust close/;
  const env = { LISTENER_TOKEN: 's3' };
  const open = await load(args, env);
  assert.equal(open.config.tokenOnLoopback, false);
  assert.match(open.warnings.join('\n'), tokenWarning);
  assert.doesNotMatch((await load(args)).warnings.join('\n'), tokenWarning);
  const closed = await load([...args, '-trust=closed'], env);
  assert.equal(closed.config.tokenOnLoopback, true);
  assert.doesNotMatch(closed.warnings.join('\n'), tokenWarning);
});

const PROXY = [
  ...['-webProxies=127.0.0.1,::1', '-webProxySecretFile=s', '-webOrigin=https://steward.example.org'],
  ...['-webUserHeader=X-User', '-webActUsers=anna, bert'],
];

test('a proxy for the console is told apart by address, secret and headers', async (t) => {
  const { load } = await configFolder(t);
  assert.equal((await load(NAMES)).config.webProxy, undefined);
  const { config } = await load([...NAMES, ...PROXY]);
  assert.deepEqual(config.webProxy, {
    ...{ addresses: ['127.0.0.1', '::1'], secretFile: 's', origin: 'https://steward.example.org' },
    ...{ userHeader: 'x-user', groupsHeader: '', actUsers: ['anna', 'bert'], actGroups: [] },
  });
});

test('the console is open to other machines with a certificate, or where somebody said so', async (t) => {
  const { load } = await configFolder(t);
  const open = [...NAMES, '-webListener=:8095'];
  const { config } = await load([...open, '-webCertFile=c', '-webKeyFile=k']);
  assert.deepEqual([config.webListener?.port, config.webTls], [8095, { certFile: 'c', keyFile: 'k' }]);
  const plain = await (await configFolder(t)).load([...open, '-webPlainText']);
  assert.deepEqual([plain.config.webListener?.port, plain.config.webTls], [8095, undefined]);
});

test('listeners that others can reach, odd tokens and open profiles are refused with the way out', async (t) => {
  const cases: [args: string[], env: Record<string, string>, message: RegExp][] = [
    [
      ['-webListener=:8095', '-listenerToken=s3'],
      {},
      /flag -webListener: ":8095" can be reached.*set WebCertFile and WebKeyFile, or WebPlainText.* or listen on 127\.0\.0\.1 and reach it with ssh -L/,
    ],
    [['-webListener=:8095', '-webCertFile=c'], {}, /WebKeyFile: "" is needed where WebCertFile names a/],
    [['-webOrigin=steward'], {}, /-webOrigin: "steward" is not https:\/\/ and a host/],
    [['-apiListener=:8095'], {}, /flag -apiListener: .* needs a token/],
    [
      ['-tcpListener=:8091', '-listenerToken=a b'],
      {},
      /flag -listenerToken: \*\*\* must be of visible ASCII/,
    ],
    [['-listenerTokenFile=f'], { LISTENER_TOKEN: 's3' }, /"f" is given together with ListenerToken/],
    [['-webProxies=proxy'], {}, /"proxy" has "proxy", which is no address/],
    [['-webProxies=127.0.0.1'], {}, /WebProxySecretFile: "" is needed where WebProxies names some/],
    [[...PROXY, '-webOrigin=http://x'], {}, /-webOrigin: "http:\/\/x" is not https:\/\/ and a host/],
    [
      [...PROXY, '-webUserHeader=Cookie'],
      {},
      /-webUserHeader: "Cookie" is no header that a proxy can fill in/,
    ],
    [['-profilingPort=0.0.0.0:6060'], {}, /open to this machine alone/],
    [['-profilingPort=x'], {}, /neither a port nor host:port/],
  ];
  const { load } = await configFolder(t);
  for (const [args, env, message] of cases) {
    await assert.rejects(load([...NAMES, ...args], env), { name: 'ConfigError', code: 'bad-value', message });
  }
});

test('a listener of the original that others can reach stays closed without a token, and says why', async (t) => {
  const { load } = await configFolder(t);
  const args = ['-tcpListener=:8091', '-httpListener=myhost:80', '-exposeDataFolder=[::2]:80'];
  const { config } = await load([...NAMES, ...args]);
  assert.deepEqual(
    [config.tcpListener, config.httpListener, config.exposeDataFolder],
    Array(3).fill(undefined),
  );
  const [tcp, http, data] = config.closedListeners;
  assert.match(tcp!, /flag -tcpListener: ":8091" can be reached .* set LISTENER_TOKEN/);
  assert.match(http!, /-httpListener: "myhost:80" .* needs a token/);
  assert.match(data!, /-exposeDataFolder: .* needs a token/);
  const open = await load([...NAMES, ...args, '-listenerToken=s3']);
  assert.deepEqual([open.config.closedListeners, open.config.tcpListener?.port], [[], 8091]);
});

async function configFolder(t: TestContext) {
  const { path: folder } = await tempFolder(t);
  const load = (args: string[], env: Record<string, string> = {}) =>
    loadConfig({ args, env: { CONFIG_FOLDER: folder, ...env } });
  return { load, path: join(folder, 'config.toml') };
}
