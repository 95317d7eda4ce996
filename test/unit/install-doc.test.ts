import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileNameOf, TARGETS } from '../../scripts/bin-targets.ts';
import { HARDENINGS, planService, unitPath } from '../../src/service/service-plan.ts';

const ROOT = join(import.meta.dirname, '../..');
const page = (name: string) => readFileSync(join(ROOT, 'doc', name), 'utf8');

test('doc/install.md has a row for every single-file program, and no other', () => {
  const rows = [...page('install.md').matchAll(/^\| `(steward-[\w.-]+)` +\|/gm)].map(([, name]) => name);
  assert.deepEqual(rows, TARGETS.map(fileNameOf));
});

test('doc/install.md has a row for every level of hardening, and the places of a service', () => {
  const text = page('install.md');
  const rows = [...text.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name);
  assert.deepEqual(rows, HARDENINGS);
  const { configFolder, stateFolder, socketFolder } = planService({});
  for (const place of [configFolder, stateFolder, socketFolder, unitPath('steward')])
    assert.ok(text.includes(`\`${place}\``), place);
});

test('doc/doctor.md has a row for every check, and no other', () => {
  const folder = join(ROOT, 'src/doctor');
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  const texts = files.map((name) => readFileSync(join(folder, name), 'utf8'));
  texts.push(readFileSync(join(ROOT, 'src/cli/setup/service/check-service.ts'), 'utf8'));
  const made = texts.flatMap((text) =>
    [...text.matchAll(/(?:\bfinding\(\s*|check: )'(\w+)'/g)].map(([, name]) => name!),
  );
  const rows = [...page('doctor.md').matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name!);
  assert.deepEqual(rows.toSorted(), [...new Set(made)].toSorted());
});
