import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const LIB = resolve(import.meta.dirname, '../../dist/lib');

test('commands that ask a node load nothing that only a node needs', {
  skip: !process.env.STEWARD_TEST_BUILT,
}, () => {
  const files = readdirSync(LIB);
  const fileOf = (name: string) =>
    files.find((file) => file.startsWith(`${name}-`) && file.length === name.length + 12)!;
  const imports = (file: string) =>
    [...readFileSync(join(LIB, file), 'utf8').matchAll(/^(?:import|export) [^;]*?"\.\/([^"]+)";?$/gm)].map(
      ([, path]) => path!,
    );
  const node = fileOf('node');
  for (const name of ['status-command', 'exec-command', 'nodes', 'watch-command', 'version', 'help']) {
    const loaded = new Set([fileOf(name)]);
    for (const file of loaded) for (const more of imports(file)) loaded.add(more);
    assert.ok(loaded.size > 1 && !loaded.has(node), `${name} loads ${[...loaded].join(', ')}`);
  }
});
