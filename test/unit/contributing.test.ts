import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const PROJECT = join(import.meta.dirname, '../..');
const sources = globSync('src/**/*.ts', { cwd: PROJECT })
  .filter((path) => !/\.test(-d)?\.ts$/.test(path))
  .map((path) => ({ path, text: readFileSync(join(PROJECT, path), 'utf8') }));
const page = readFileSync(join(PROJECT, 'CONTRIBUTING.md'), 'utf8');

/** How the files of one kind of thing are found. */
interface Trace {
  /** Finds the text that stands for an example. */
  readonly find: (example: string) => RegExp;
  /** Where its own file is, the one that the table cannot name. */
  readonly own: string;
  /** How many files it has at least. */
  readonly least: number;
  /** Folders that use such a thing, and are none of its files. */
  readonly users?: RegExp;
}

const TRACES: Readonly<Record<string, Trace>> = {
  'a method': {
    find: (name) => new RegExp(`\\bcreate${name.replace('REQ', 'Req')}\\b|'${name}'`),
    own: 'src/methods/',
    least: 3,
  },
  'a command': {
    find: (name) =>
      new RegExp(`/${name}\\.ts'|\\bconst ${name} = define(Node)?Command\\b|\\bname: '${name}'`),
    own: 'src/cli/',
    least: 2,
  },
  'an API operation': {
    // A screen may have a list of the same name.
    users: /^src\/(cli|tui|web)\//,
    find: (name) => new RegExp(`^ +${name}: (\\{ *$|(async )?\\()`, 'm'),
    own: 'src/contract/',
    least: 2,
  },
  'a setting': {
    find: (name) =>
      new RegExp(`\\b${name}\\b|\\bconfig\\.${name.charAt(0).toLowerCase()}${name.slice(1)}\\b`),
    own: 'src/node/',
    least: 3,
  },
};

for (const [kind, { find, own, least, users }] of Object.entries(TRACES)) {
  test(`CONTRIBUTING.md names every file that ${kind} touches, and no other`, () => {
    const row = page.split('\n').find((line) => line.startsWith(`| ${kind} `));
    assert.ok(row, `a row that begins with ${kind}`);
    const [, , touched, exampleCell] = row.split('|');
    const example = /`(\w+)`/.exec(exampleCell!)![1]!;
    const named = [...touched!.matchAll(/`(src\/[^`]+\.ts)`/g)].map(([, path]) => path!);
    const found = sources
      .filter(({ path, text }) => find(example).test(text) && users?.test(path) !== true)
      .map(({ path }) => path);
    assert.ok(found.length >= least, `${example} is only in ${found.join(', ')}`);
    assert.deepEqual(
      named.filter((path) => !found.includes(path)),
      [],
      `${example} does not touch these`,
    );
    const unnamed = found.filter((path) => !named.includes(path));
    assert.ok(
      unnamed.length <= 1 && unnamed.every((path) => path.startsWith(own)),
      `${example} also touches ${unnamed.join(', ')}`,
    );
  });
}
