import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import type { Config } from '../config/config.ts';
import { checkDifferences, checkWideModes } from './check-differences.ts';

const USUAL = {
  ...{ defaultMessageRetries: 1, defaultMessageTimeoutSeconds: 5, messageTtlSeconds: 604_800 },
  ...{ promHostAndPort: undefined, helloIntervalSeconds: 900 },
} as unknown as Config;

function textsOf(config: Partial<Config>, env = {}): string {
  return checkDifferences({ ...USUAL, ...config }, env)
    .map(({ verdict, text, advice = '' }) => `${verdict} ${text} -> ${advice}`)
    .join('\n');
}

test('how long messages without retries are kept follows from the configuration', () => {
  assert.match(textsOf({}), /kept for messageTTL \(604800 s\), not given up after one ACKTimeout/);
  assert.match(textsOf({ defaultMessageRetries: 3 }), /given up after 3 x 5 s, as there/);
});

test('hellos that come less often than alerts expect are named with the way to keep the pace', () => {
  assert.match(textsOf({}), /^warn hellos .* every 15 min, .* alerts .* -startPubREQHello=29$/m);
  for (const helloIntervalSeconds of [0, 29])
    assert.doesNotMatch(textsOf({ helloIntervalSeconds }), /hellos/);
});

test('variables of the environment that are settings here are named', () => {
  assert.doesNotMatch(textsOf({}, { CONFIG_FOLDER: '/etc', HOME: '/root', NODE_NAME: '' }), /environment/);
  assert.match(
    textsOf({}, { NODE_NAME: 'worker3', LOG_LEVEL: 'debug' }),
    /^warn NODE_NAME, LOG_LEVEL in the environment would go before config\.toml/m,
  );
});

test('what any user may write to is named, and what its owner alone may is not', async (t) => {
  const { path } = await tempFolder(t);
  const at = (name: string) => join(path, name);
  const config = { databaseFolder: at('db'), subscribersDataFolder: at('data'), socketFolder: at('none') };
  for (const name of ['db', 'data']) await mkdir(at(name));
  await writeFile(at('config.toml'), '');
  const found = () => checkWideModes(config as Config, at('config.toml'));
  await chmod(at('data'), 0o755);
  assert.deepEqual(await found(), []);
  await chmod(at('data'), 0o777);
  await chmod(at('config.toml'), 0o666);
  assert.deepEqual(
    (await found()).map(({ text, advice }) => `${text}: ${advice}`),
    [
      `any user can write to ${at('config.toml')} (666), and it keeps that mode: chmod o-w ${at('config.toml')}`,
      `any user can write to ${at('data')} (777), and it keeps that mode: chmod o-w ${at('data')}`,
    ],
  );
});
