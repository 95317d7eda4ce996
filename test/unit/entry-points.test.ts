import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ASSETS, ENTRY_POINTS } from '../../scripts/bin-build.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Run by processes of their own that are Node.js, never by the single-file program. */
const ONLY_NODE = new Set(['src/methods/commands/spawner-process.ts']);

const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .map((path) => ({ path, text: readFileSync(join(ROOT, 'src', path), 'utf8') }));

test('what threads run is packed into the single-file program', () => {
  const asked = sources.flatMap(({ text }) => [...text.matchAll(/\bentryPoint\('([^']+)'\)/g)]);
  const modules = asked.map((found) => `src/${found[1]}.ts`).filter((module) => !ONLY_NODE.has(module));
  assert.ok(modules.length > 0);
  assert.deepEqual(
    [...new Set(modules)].filter((module) => !ENTRY_POINTS.includes(module)),
    [],
    'add them to ENTRY_POINTS of scripts/bin-build.ts',
  );
});

test('files of the package that the program reads are packed into it too', () => {
  const asked = sources.flatMap(({ text }) => [...text.matchAll(/\bownFile\('([^']+)'\)/g)]);
  const files = asked.map((found) => found[1]!);
  assert.ok(files.includes('package.json'));
  assert.deepEqual(
    files.filter((file) => !ASSETS.some((asset) => file === asset || file.startsWith(`${asset}/`))),
    [],
    'add them to ASSETS of scripts/bin-build.ts',
  );
});

test('nobody finds modules and files of the program by another way, which would work besides Node.js alone', () => {
  const other = sources.filter(
    ({ path, text }) => path !== 'lib/own-file.ts' && /\bimport\.meta\.(url|dirname|filename)\b/.test(text),
  );
  assert.deepEqual(
    other.map(({ path }) => path),
    [],
    'use entryPoint and ownFile of src/lib/own-file.ts',
  );
});
