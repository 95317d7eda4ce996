import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildWeb, gzipBytes, MOST } from '../../scripts/build-web.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('the first load of the console stays small', async (t) => {
  const { path } = await tempFolder(t);
  const page = await buildWeb(join(path, 'web.json'));
  for (const [name, most] of Object.entries(MOST)) {
    const bytes = gzipBytes(page, name);
    assert.ok(bytes <= most, `${name} has ${bytes} bytes packed, ${most} are allowed`);
    assert.ok(bytes > 500, `${name} has ${bytes} bytes`);
  }
  assert.deepEqual(
    Object.entries(page).filter(([path, { isImmutable }]) => isImmutable !== path.startsWith('/assets/')),
    [],
  );
  const script = Object.entries(page).find(([path]) => path.endsWith('.js'))![1];
  const text = Buffer.from(script.bodies.identity, 'base64').toString();
  assert.doesNotMatch(
    text,
    /new Function|\beval\(|additionalProperties/,
    'no code from text, and no schemas',
  );
});
