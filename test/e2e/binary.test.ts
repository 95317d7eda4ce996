import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { ENGINE_VERSION } from '../../scripts/bin-targets.ts';
import { ChildProgram } from '../support/child-program.ts';
import { freePort } from '../support/free-port.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** The single-file program for this machine, made here, and the other tests run over it. */

const ROOT = join(import.meta.dirname, '../..');
const OUT = join(ROOT, 'build/test-bin');
const IS_HERE = process.platform === 'linux' && process.arch === 'x64';
const TARGET = 'linux-x64';
const PROGRAM = join(OUT, `steward-${TARGET}`);
const UNAVAILABLE = 3;

/** What of the integration tests is run; all of them pass but those of the spawner, which this program has none of. */
const INTEGRATION = [
  ...['big-output', 'cancel', 'crash-appends', 'crash-commands', 'delivery', 'doctor', 'listeners'],
  ...['method-cli-command-cont', 'one-name'],
];
/** Tests of a module or of the launcher, which are no tests of the program. */
const NOT_OF_THE_PROGRAM = /^(binary|stop-signals)\.test\.ts$/;

let isMissing: string | undefined;

before(async () => {
  if (!IS_HERE) {
    isMissing = `this test makes the program for ${TARGET} and runs it, so it needs that system`;
    return;
  }
  const { exit, stderr } = await build(['--out', OUT, TARGET]);
  if (exit === UNAVAILABLE) isMissing = `the engine cannot be installed: ${stderr.trim()}`;
  else assert.equal(exit, 0, stderr);
});

test('the file runs by itself, anywhere, whatever lies in the folder', async (t) => {
  if (skipped(t)) return;
  const { path } = await tempFolder(t);
  await mkdir(join(path, 'bin'));
  const alone = join(path, 'bin/steward');
  await cp(PROGRAM, alone);
  await writeFile(join(path, '.env'), 'NODE_NAME=from-dotenv\nCENTRAL_NODE_NAME=from-dotenv\n');
  await writeFile(join(path, 'bunfig.toml'), 'preload = ["./evil.ts"]\n');
  await writeFile(join(path, 'evil.ts'), 'console.log("evil"); process.exit(9);\n');
  await writeFile(join(path, 'package.json'), '{"version":"9.9.9"}');
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  assert.deepEqual(await run(alone, ['version'], { cwd: path, env: {} }), {
    ...{ exit: 0, stdout: `steward ${version}\n`, stderr: '' },
  });
  const nameless = await run(alone, [], { cwd: path, env: {} });
  assert.match(nameless.stderr, /^steward: [^\n]*node name is missing[^\n]*\n$/);
});

test('without the registry the build says so, and ends with a code of its own', async (t) => {
  if (!IS_HERE) return t.skip('the build needs a system that it makes programs for');
  const { path } = await tempFolder(t);
  const env = {
    ...process.env,
    npm_config_cache: join(path, 'npm'),
    npm_config_registry: `http://127.0.0.1:${await freePort()}/`,
  };
  const { exit, stderr } = await build(
    ['--out', join(path, 'out'), '--cache', join(path, 'cache'), TARGET],
    env,
  );
  assert.equal(exit, UNAVAILABLE, stderr);
  assert.match(
    stderr,
    /^build:bin: @oven\/bun-linux-x64@\S+ cannot be had, as npm's registry does not answer: /,
  );
});

test('an engine that is not the one expected is removed, and nothing is made with it', async (t) => {
  if (!IS_HERE) return t.skip('the build needs a system that it makes programs for');
  const { path } = await tempFolder(t);
  const folder = join(path, `cache/engine-${ENGINE_VERSION}-${TARGET}`);
  const engine = join(folder, 'node_modules/@oven/bun-linux-x64/bin/bun');
  await mkdir(join(engine, '..'), { recursive: true });
  await writeFile(engine, '#!/bin/sh\ntouch "$0.ran"\n', { mode: 0o755 });
  const lock = { packages: { 'node_modules/@oven/bun-linux-x64': { integrity: 'sha512-another' } } };
  await writeFile(join(folder, 'node_modules/.package-lock.json'), JSON.stringify(lock));
  const { exit, stderr } = await build(['--out', join(path, 'out'), '--cache', join(path, 'cache'), TARGET]);
  assert.equal(exit, 1);
  assert.match(
    stderr,
    /is not the package that scripts\/bin-targets\.ts expects \(checksum sha512-another\)/,
  );
  assert.ok(!existsSync(folder));
});

test('the licences of what it contains lie beside it', async (t) => {
  if (isMissing) return t.skip(isMissing);
  const text = await readFile(join(OUT, 'LICENCES.txt'), 'utf8');
  for (const name of ['Bun ', 'ink ', '@nats-io/nats-core ', 'yoga-layout '])
    assert.ok(text.includes(`\n${name}`), name);
  assert.doesNotMatch(text, /\n(typescript|knip) /);
});

test('its sum is in SHA256SUMS', async (t) => {
  if (skipped(t)) return;
  const { exit, stdout, stderr } = await run('sha256sum', ['-c', 'SHA256SUMS'], { cwd: OUT });
  assert.deepEqual([exit, stdout], [0, `steward-${TARGET}: OK\n`], stderr);
});

test('the tests of the command line and the chosen integration tests pass over it', async (t) => {
  if (skipped(t)) return;
  const endToEnd = readdirSync(import.meta.dirname).filter(
    (name) => name.endsWith('.test.ts') && !NOT_OF_THE_PROGRAM.test(name),
  );
  const files = [
    ...endToEnd.map((name) => join('test/e2e', name)),
    ...INTEGRATION.map((name) => `test/integration/${name}.test.ts`),
  ];
  const flags = ['--disable-warning=ExperimentalWarning', '--test', '--test-reporter=tap'];
  const { exit, stdout, stderr } = await run(
    process.execPath,
    [...flags, '--test-concurrency=2', ...files],
    // Without the variable by which a test runner knows that it runs within another, and then runs nothing.
    { env: { ...process.env, NODE_TEST_CONTEXT: undefined, STEWARD_TEST_PROGRAM: PROGRAM } },
  );
  const count = (what: string) => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(stdout)?.[1]);
  t.diagnostic(`${count('pass')} passed, ${count('skipped')} skipped over the single-file program`);
  assert.equal(exit, 0, `${failuresIn(stdout)}\n${stderr}`);
  assert.equal(count('fail'), 0);
  assert.ok(count('pass') > 50, stdout.slice(-2000));
});

function skipped(t: TestContext): boolean {
  if (isMissing !== undefined) t.skip(isMissing);
  return isMissing !== undefined;
}

function build(args: readonly string[], env?: NodeJS.ProcessEnv) {
  return run(
    process.execPath,
    [join(ROOT, 'scripts/build-bin.ts'), ...args],
    env === undefined ? {} : { env },
  );
}

/** The report of each test that failed. */
function failuresIn(tap: string): string {
  const blocks = tap.split(/^(?=\s*(?:not )?ok \d+ - )/m);
  return blocks.filter((block) => /^\s*not ok/.test(block)).join('\n');
}

async function run(
  command: string,
  args: readonly string[],
  { cwd = ROOT, env }: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<{ exit: number | null; stdout: string; stderr: string }> {
  const program = await ChildProgram.start({ command, args, cwd, ...(env && { env }) });
  const { code } = await program.exited;
  return { exit: code, stdout: program.stdout, stderr: program.stderr };
}
