import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const SOURCE = join(import.meta.dirname, '../../src');
/** What writes a table: SQL, or the name of a table that `prune` deletes from. */
const WRITES =
  /\b(?:INSERT (?:OR \w+ )?INTO|REPLACE INTO|UPDATE|DELETE FROM)\s+([a-z_]+)|(?:\btable: '|const table = '|\bfollowers: ')([a-z_]+)'[,;]/g;
/** Steps from one version of the database to the next belong to no room. */
const SCHEMA = 'store/schema.ts';

/** The folders that write each table. */
function writersOf(
  files: readonly { readonly path: string; readonly text: string }[],
): Map<string, Set<string>> {
  const writers = new Map<string, Set<string>>();
  for (const { path, text } of files) {
    for (const [, inSql, named] of text.matchAll(WRITES)) {
      const table = inSql ?? named!;
      writers.set(table, (writers.get(table) ?? new Set()).add(path.split('/')[0]!));
    }
  }
  return writers;
}

/** The tables that the schema makes. */
function tables(): Set<string> {
  const text = readFileSync(join(SOURCE, SCHEMA), 'utf8');
  return new Set([...text.matchAll(/CREATE TABLE (?:IF NOT EXISTS )?([a-z_]+)/g)].map(([, name]) => name!));
}

test('each table is written by one folder', () => {
  const files = globSync('**/*.ts', { cwd: SOURCE })
    .filter((path) => !path.endsWith('.test.ts') && path !== SCHEMA)
    .map((path) => ({ path, text: readFileSync(join(SOURCE, path), 'utf8') }));
  const writers = writersOf(files);
  const known = tables();
  assert.ok(known.size > 10, 'the schema was not read');
  assert.deepEqual(
    [...known].filter((table) => !writers.has(table)),
    [],
    'tables that nobody writes',
  );
  const shared = [...writers].filter(([table, folders]) => known.has(table) && folders.size > 1);
  assert.deepEqual(
    shared.map(([table, folders]) => `${table}: ${[...folders].join(', ')}`),
    [],
    'a folder hands its statements to another instead of writing a table of it',
  );
});

test('a second writer is found, however it writes', () => {
  const texts = [
    'INSERT OR IGNORE INTO lanes VALUES (1)',
    'DELETE FROM lanes WHERE id = 1',
    'UPDATE lanes\n SET x = 1',
    "prune(store, { table: 'lanes', order: 'id' })",
    'ON CONFLICT (id) DO UPDATE SET next = 1',
  ];
  const found = texts.map(
    (text, index) => writersOf([{ path: `room${index}/a.ts`, text }]).get('lanes')?.size,
  );
  assert.deepEqual(found, [1, 1, 1, 1, undefined]);
});
