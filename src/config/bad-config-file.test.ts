import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { loadConfig } from './load-config.ts';

test('a bad file is refused with line, key, value and the way out', async (t) => {
  const cases: [text: string | Uint8Array, code: string, message: RegExp][] = [
    [
      '\nErrorMessageRetries = "10"\n',
      'bad-value',
      /config\.toml line 2: ErrorMessageRetries = "10" .* without quotes/,
    ],
    ['ErrorMessageRetries = 10.0\n', 'bad-value', /is not a whole number/],
    ['NodeName = 5\n', 'bad-value', /line 1: NodeName = 5 is not a text: put it in quotes/],
    ['StartSubREQPing = "true"\n', 'bad-value', /write true or false, without quotes/],
    ['LogLevel = [1]\n', 'bad-value', /line 1: LogLevel = \[\.\.\.\]/],
    ['ErrorMessageRetries = -4\n', 'bad-value', /line 1: ErrorMessageRetries = -4 must be between 0/],
    [
      'NodeName = "a"\nnodename = "b"\n',
      'bad-file',
      /twice, as NodeName in line 1 and as nodename in line 2/,
    ],
    ['NodeName = "a"\n\nnot toml\n', 'bad-file', /config\.toml line 3 is not valid TOML \(.*\): correct it/],
    [Uint8Array.of(0x61, 0xff), 'bad-file', /not UTF-8/],
    [
      '# a note\n'.repeat(200_000),
      'unreadable-file',
      /cannot be read: it has 1800000 bytes, and 1048576 are the most/,
    ],
  ];
  for (const [text, code, message] of cases) {
    const folder = join((await tempFolder(t)).path, 'etc');
    const path = join(folder, 'config.toml');
    await mkdir(folder);
    await writeFile(path, text);
    const names = { NODE_NAME: 'ship1', CENTRAL_NODE_NAME: 'central' };
    const env = String(text).includes('NodeName = 5') ? { CENTRAL_NODE_NAME: 'central' } : names;
    const error = await loadConfig({ args: [], env: { CONFIG_FOLDER: folder, ...env } }).then(
      () => assert.fail('the config was taken'),
      (reason) => reason,
    );
    assert.deepEqual([error.name, error.code], ['ConfigError', code], error.message);
    assert.match(error.message, message);
    assert.deepEqual(await readFile(path), Buffer.from(text as string), 'the file is as it was');
  }
});

test('a pipe in the place of the file is refused, and not waited for', async (t) => {
  const { path: folder } = await tempFolder(t);
  execFileSync('mkfifo', [join(folder, 'config.toml')]);
  await assert.rejects(
    loadConfig({ args: [], env: { CONFIG_FOLDER: folder } }),
    /config\.toml cannot be read: it is a pipe, a socket or a device, not a regular file: move it away; or choose/,
  );
});
