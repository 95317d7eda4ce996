import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { ENGINE_VERSION } from '../../scripts/bin-targets.ts';
import { ChildProgram } from '../support/child-program.ts';
import { freePort } from '../support/free-port.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** The single-file program for this machine, made here; scripts/test-runtimes.ts runs other tests over it. */

const ROOT = join(import.meta.dirname, '../..');
const OUT = join(ROOT, 'build/test-bin');
const TARGET = 'linux-x64';
const PROGRAM = join(OUT, `steward-${TARGET}`);
const UNAVAILABLE = 3;

before(async () => {
  assert.equal(
    `${process.platform}-${process.arch}`,
    TARGET,
    `the program is made for ${TARGET} and run here`,
  );
  const { exit, stderr } = await build(['--out', OUT, TARGET]);
  assert.equal(exit, 0, stderr);
});

test('the file runs by itself, anywhere, whatever lies in the folder', async (t) => {
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
  assert.match(nameless.stderr, /^There is no node here: no etc\/config\.toml with a NodeName\.\n/);
});

test('without the registry the build says so, and ends with a code of its own', async (t) => {
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

test('the licences of what it contains lie next to it', async () => {
  const text = await readFile(join(OUT, 'LICENCES.txt'), 'utf8');
  for (const name of ['Bun ', 'ink ', '@nats-io/nats-core ', 'yoga-layout '])
    assert.ok(text.includes(`\n${name}`), name);
  assert.doesNotMatch(text, /\n(typescript|knip) /);
});

test('its sum is in SHA256SUMS', async () => {
  const { exit, stdout, stderr } = await run('sha256sum', ['-c', 'SHA256SUMS'], { cwd: OUT });
  assert.deepEqual([exit, stdout], [0, `steward-${TARGET}: OK\n`], stderr);
});

function build(args: readonly string[], env?: NodeJS.ProcessEnv) {
  return run(
    process.execPath,
    [join(ROOT, 'scripts/build-bin.ts'), ...args],
    env === undefined ? {} : { env },
  );
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
