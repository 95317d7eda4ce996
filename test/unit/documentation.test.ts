import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, parse, relative } from 'node:path';
import { test } from 'node:test';
import { withOptionTables } from '../../scripts/config-doc.ts';
import { parseCommandLine } from '../../src/cli/line/command-line.ts';
import { COMMANDS } from '../../src/cli/line/commands.ts';
import { chooseCommand } from '../../src/cli/line/find-command.ts';
import { parseFlags } from '../../src/config/flags.ts';
import { REQUEST_STATES } from '../../src/contract/states.ts';
import { splitWords } from '../../src/lib/shell-words.ts';
import { ANSWER_STATUSES, HEADER } from '../../src/message/codec/wire-headers.ts';
import { MESSAGE_FIELDS } from '../../src/message/fields.ts';
import { kindOf } from '../../src/message/subject.ts';
import { Exposition } from '../../src/observe/exposition.ts';
import { Metrics } from '../../src/observe/metrics.ts';
import { MIGRATIONS } from '../../src/store/schema.ts';
import { firstExample, ignoringWidths, methodNames } from '../support/documentation.ts';

const PROJECT = join(import.meta.dirname, '../..');

function page(path: string): string {
  return readFileSync(join(PROJECT, path), 'utf8');
}

function missingIn(path: string, words: readonly string[]): string[] {
  const text = page(path);
  return words.filter((word) => !text.includes(word));
}

test('doc/configuration.md has the options that the program has (npm run doc writes them)', () => {
  const text = page('doc/configuration.md');
  assert.equal(ignoringWidths(text), ignoringWidths(withOptionTables(text)));
});

/** Turns of phrase that hide who does something, or that only this project would use. */
const HIDING = /\b(?:is|are) told (?:of|to|with|so|by|one)\b|\bso many\b|\bhas it done\b|\bbeside\b/i;

test('pages name who does something', () => {
  const paths = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'];
  for (const path of [...paths, ...globSync('doc/**/*.md', { cwd: PROJECT })]) {
    const lines = page(path).split('\n');
    const found = lines.flatMap((line, index) =>
      HIDING.test(line) ? [`${path}:${index + 1}: ${line}`] : [],
    );
    assert.deepEqual(found, []);
  }
});

test('comments, help and messages of the source do so too', () => {
  const hiding = /\b(?:is|are) told of\b|\bso many\b|\bhas it done\b|\bbeside\b/i;
  const found = globSync('{src,scripts}/**/*.ts', { cwd: PROJECT }).flatMap((path) =>
    page(path)
      .split('\n')
      .flatMap((line, index) => (hiding.test(line) ? [`${path}:${index + 1}: ${line}`] : [])),
  );
  assert.deepEqual(found, []);
});

test('doc/messages.md names every field of a message', () => {
  const fields = MESSAGE_FIELDS.map(({ json }) => `\`${json}\``);
  assert.deepEqual(missingIn('doc/messages.md', fields), []);
});

test('doc/states.md has a row for every state', () => {
  const rows = [...page('doc/states.md').matchAll(/^\| `([\w-]+)` +\|/gm)].map(([, state]) => state);
  assert.deepEqual(rows, REQUEST_STATES);
});

test('doc/metrics.md has a row for every metric of steward, and no other', async () => {
  using exposition = new Exposition(new Metrics({ version: '0' }));
  const exported = [...(await exposition.registry.metrics()).matchAll(/^# TYPE (steward_\w+) (\w+)/gm)];
  const documented = [...page('doc/metrics.md').matchAll(/^\| `(steward_\w+)(?:{[^`]*})?` +\| (\w+) +\|/gm)];
  const pairs = (found: RegExpMatchArray[]) => found.map(([, name, kind]) => `${name} ${kind}`).sort();
  assert.deepEqual(pairs(documented), pairs(exported));
});

test('every method has a page, a line in doc/methods.md, and its name in README.md', () => {
  const names = methodNames();
  const pagesOfMethods = globSync('doc/methods/*.md', { cwd: PROJECT }).map((path) => parse(path).name);
  assert.deepEqual(pagesOfMethods.toSorted(), names);
  const lines = [...page('doc/methods.md').matchAll(/^\| \[(REQ\w+)\]\(methods\/\1\.md\) +\|/gm)];
  assert.deepEqual(lines.map(([, name]) => name!).toSorted(), names);
  assert.deepEqual(missingIn('README.md', names), []);
});

test('the page of a method has every section, and says how the method travels', () => {
  const sections = ['Arguments', 'Example', 'Reply', 'Errors', 'Limits'].map((name) => `\n## ${name}\n`);
  for (const name of methodNames()) {
    const words = [`# ${name}\n`, `- **Kind:** ${kindOf(name)}, `, '- **Switch:** ', '- **Schedule:** '];
    assert.deepEqual(missingIn(`doc/methods/${name}.md`, [...words, ...sections]), [], name);
  }
});

test('doc/examples has the first example of every method', () => {
  for (const name of methodNames()) {
    assert.equal(page(`doc/examples/${name}.json`), firstExample(name), name);
  }
});

test('doc/internals names every header, answer status and table', () => {
  const tables = MIGRATIONS.flatMap((sql) => [...sql.matchAll(/CREATE TABLE (\w+)/g)]).map(
    ([, name]) => name!,
  );
  const words = [...Object.values(HEADER), ...ANSWER_STATUSES, ...tables].map((word) => `\`${word}`);
  const text = globSync('doc/internals/*.md', { cwd: PROJECT }).map(page).join('\n');
  const absent = words.filter((word) => !text.includes(word));
  assert.deepEqual(
    absent,
    ['`serial', '`cmp'].filter((word) => absent.includes(word)),
  );
});

test('CHANGELOG.md knows the version of package.json', () => {
  const { version } = JSON.parse(page('package.json')) as { version: string };
  assert.deepEqual(missingIn('CHANGELOG.md', [`## [${version}]`, '## [Unreleased]']), []);
});

test('every link between the pages leads to a file, and to a heading in it', () => {
  const faults: string[] = [];
  for (const path of pages()) {
    for (const [, target] of page(path).matchAll(/\]\(([^)\s]+)\)/g)) {
      const fault = linkFault(path, target!);
      if (fault) faults.push(fault);
    }
  }
  assert.deepEqual(faults, []);
});

test('every command line that the pages show is one that the program takes', async () => {
  const lines = pages()
    .filter((path) => path !== 'CHANGELOG.md')
    .flatMap(commandLinesIn);
  assert.ok(lines.length > 100, `only ${lines.length} lines were found`);
  const faults: string[] = [];
  for (const { path, line } of lines) {
    const fault = await commandFault(line);
    if (fault !== undefined) faults.push(`${path}: ${line}: ${fault}`);
  }
  assert.deepEqual(faults, []);
});

/** The calls of the program in blocks of a shell, and within lines; of each what stands before a pipe or a comment. */
function commandLinesIn(path: string): { path: string; line: string }[] {
  const text = page(path);
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block]) =>
    block!.replaceAll('\\\n', ' ').split('\n'),
  );
  const inline = [...text.replaceAll(/^```.*?^```$/gms, '').matchAll(/`([^`]+)`/g)].map(([, code]) => code!);
  return [...blocks, ...inline].flatMap((code) => {
    const line = /^(?:sudo )?steward (-?[a-z].*)/s.exec(code.trim())?.[1];
    return line === undefined ? [] : [{ path, line: line.replaceAll('\n', ' ') }];
  });
}

async function commandFault(line: string): Promise<string | undefined> {
  const read = splitWords(line.split(/ (?:[|#&;]|[<>]+ )|\$\(/, 1)[0]!);
  if (!read.ok) return read.fault;
  try {
    const { command, args } = chooseCommand(read.words, COMMANDS);
    const loaded = await command.load();
    const streams = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr };
    if (typeof loaded !== 'function') parseCommandLine(command.name, loaded, { args, env: {}, ...streams });
    else if (command.name === 'run') parseFlags(args);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function pages(): string[] {
  return [...globSync('*.md', { cwd: PROJECT }), ...globSync('doc/**/*.md', { cwd: PROJECT })];
}

function linkFault(path: string, target: string): string | undefined {
  if (/^https?:/.test(target)) return undefined;
  const [file, anchor] = target.split('#');
  const found = file === '' ? path : relative(PROJECT, join(PROJECT, dirname(path), file!));
  if (!existsSync(join(PROJECT, found))) return `${path}: ${target} is no file`;
  if (anchor === undefined) return undefined;
  const anchors = [...page(found).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!));
  return anchors.includes(anchor) ? undefined : `${path}: ${target} is no heading of ${found}`;
}

/** The anchor that a heading gets when the page is shown. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}
