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
  ];
  const { config } = await load([...NAMES, ...local, '-profilingPort=6060']);
  assert.deepEqual(config.httpListener, { host: '::1', port: 2 });
  assert.deepEqual(config.apiListener, { host: '127.0.0.1', port: 4 });
  assert.deepEqual(config.profilingPort, { host: '127.0.0.1', port: 6060 });
  const env = { LISTENER_TOKEN: 'from-env' };
  assert.equal((await load(['-tcpListener=:1'], env)).config.listenerToken, 'from-env');
  assert.doesNotMatch(await readFile(path, 'utf8'), /from-env/);
  assert.equal((await load(['-listenerToken=by-flag'])).config.listenerToken, 'by-flag');
  assert.match(await readFile(path, 'utf8'), /^ListenerToken = "by-flag"$/m);
});

test('listeners that others can reach, odd tokens and open profiles are refused with the way out', async (t) => {
  const cases: [args: string[], env: Record<string, string>, message: RegExp][] = [
    [['-tcpListener=:8091'], {}, /flag -tcpListener: ":8091" can be reached .* set LISTENER_TOKEN/],
    [['-httpListener=myhost:80'], {}, /needs a token/],
    [['-exposeDataFolder=[::2]:80'], {}, /needs a token/],
    [['-apiListener=:8095'], {}, /flag -apiListener: .* needs a token/],
    [
      ['-tcpListener=:8091', '-listenerToken=a b'],
      {},
      /flag -listenerToken: \*\*\* must be of visible ASCII/,
    ],
    [['-listenerTokenFile=f'], { LISTENER_TOKEN: 's3' }, /"f" is given beside ListenerToken/],
    [['-profilingPort=0.0.0.0:6060'], {}, /open to this machine alone/],
    [['-profilingPort=x'], {}, /neither a port nor host:port/],
  ];
  const { load } = await configFolder(t);
  for (const [args, env, message] of cases) {
    await assert.rejects(load([...NAMES, ...args], env), { name: 'ConfigError', code: 'bad-value', message });
  }
});

async function configFolder(t: TestContext) {
  const { path: folder } = await tempFolder(t);
  const load = (args: string[], env: Record<string, string> = {}) =>
    loadConfig({ args, env: { CONFIG_FOLDER: folder, ...env } });
  return { load, path: join(folder, 'config.toml') };
}
