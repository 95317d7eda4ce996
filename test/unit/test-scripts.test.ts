import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const PROJECT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(PROJECT, path), 'utf8');

test('every test file is run by a script that .ci/run calls', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const called = [...read('.ci/run').matchAll(/\|npm (?:run )?([\w:]+)\|/g)].map(([, name]) => name!);
  assert.ok(called.includes('test') && called.includes('test:runtimes'), called.join(' '));
  const commands = [...called, 'test:all'].map((name) => scripts[name] ?? '').join(' ');
  const patterns = [...commands.matchAll(/"([^"]+\.test\.ts)"/g)].map(([, pattern]) => pattern!);
  const named = [...read('scripts/test-runtimes.ts').matchAll(/'(test\/[^']+\.test\.ts)'/g)].map(
    ([, path]) => path!,
  );
  const run = new Set([...patterns.flatMap((pattern) => globSync(pattern, { cwd: PROJECT })), ...named]);
  const all = globSync('{src,test}/**/*.test.ts', { cwd: PROJECT });
  assert.ok(all.length > 100);
  assert.deepEqual(
    all.filter((path) => !run.has(path)),
    [],
  );
});
