import assert from 'node:assert/strict';
import { chmod, cp, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ChildProgram } from '../support/child-program.ts';
import { stewardCommand } from '../support/node.ts';
import { tempFolder } from '../support/temp-folder.ts';

const ROOT = join(import.meta.dirname, '../..');
const LAUNCHER = join(ROOT, 'bin/steward');
/** The launcher, or the program that is tested in its stead. */
const PROGRAM = process.env.STEWARD_TEST_PROGRAM ? stewardCommand() : [LAUNCHER];
const VERSION = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')).version as string;

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly folder: string;
}

interface RunOptions {
  readonly command?: string;
  readonly env?: Record<string, string>;
  readonly folder?: string;
}

async function steward(t: TestContext, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const folder = options.folder ?? (await tempFolder(t)).path;
  const [command, ...first] = options.command === undefined ? PROGRAM : [options.command];
  const program = await ChildProgram.start({
    command: command!,
    args: [...first, ...args],
    cwd: folder,
    env: { PATH: process.env.PATH, ...options.env },
  });
  const { code } = await program.exited;
  return { code, stdout: program.stdout, stderr: program.stderr, folder };
}

/** That the start was refused: exit code 2, one sentence on stderr, nothing on stdout and nothing written. */
async function assertRefused(ran: Ran, sentence: RegExp): Promise<void> {
  assert.equal(ran.code, 2, ran.stderr);
  assert.equal(ran.stdout, '');
  assert.match(ran.stderr, /^steward: [^\n]+\n$/);
  assert.match(ran.stderr, sentence);
  await assert.rejects(stat(join(ran.folder, 'tmp')), { code: 'ENOENT' });
}

test('help is printed for every form that asks for it', async (t) => {
  for (const args of [['-h'], ['-help'], ['--help'], ['help'], ['run', '--help'], ['-nodeName=a', '-h']]) {
    const { code, stdout, stderr } = await steward(t, args);
    assert.deepEqual([code, stderr], [0, ''], args.join(' '));
    assert.match(stdout, /^Usage: steward .*-brokerAddress string +BROKER_ADDRESS\n/s);
  }
});

test('the version is printed for every form that asks for it', async (t) => {
  for (const args of [['-version'], ['--version'], ['version']]) {
    const { code, stdout, stderr } = await steward(t, args);
    assert.deepEqual([code, stdout, stderr], [0, `steward ${VERSION}\n`, ''], args.join(' '));
  }
});

test('a missing node name ends with code 2', async (t) => {
  await assertRefused(
    await steward(t, ['run']),
    /node name is missing: give -nodeName=<name>, set NODE_NAME/,
  );
  await assertRefused(await steward(t, ['-nodeName=a']), /central node is missing: give -centralNodeName/);
  await assertRefused(await steward(t, ['run'], { env: { CENTRAL_NODE_NAME: 'a' } }), /node name is missing/);
});

test('without a node here, steward alone says in short how one is started', async (t) => {
  const { code, stdout, stderr } = await steward(t, []);
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, /^There is no node here.*\n\nStart one:\n {2}steward up /);
});

test('an unknown command ends with code 1', async (t) => {
  const { code, stdout, stderr } = await steward(t, ['versoin']);
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, /^steward: unknown command "versoin"; did you mean version\?\n$/);
});

test('an unknown flag of a node ends with code 2', async (t) => {
  await assertRefused(await steward(t, ['--node=ship2']), /unknown flag -node; did you mean -nodeName\?/);
});

test('a bad value ends with code 2', async (t) => {
  const names = ['-nodeName=a', '-centralNodeName=a'];
  await assertRefused(
    await steward(t, [...names, '-startPubREQHello=often']),
    /"often" is not a whole number/,
  );
  await assertRefused(await steward(t, [...names, '-brokerAddress=nats://']), /has no host/);
  const env = { ACKTIMEOUT: 'x', DEFAULT_MESSAGE_TIMEOUT: 'x' };
  await assertRefused(await steward(t, names, { env }), /variable DEFAULT_MESSAGE_TIMEOUT: "x"/);
});

test('a config.toml that cannot be used ends with code 2', async (t) => {
  const { path } = await tempFolder(t);
  await mkdir(join(path, 'etc/config.toml'), { recursive: true });
  await assertRefused(
    await steward(t, ['-nodeName=a'], { folder: path }),
    /etc\/config\.toml cannot be read/,
  );
  const { path: other } = await tempFolder(t);
  await writeFile(join(other, 'config.toml'), 'NodeName = "a"\nCentralNodeName = \n');
  await assertRefused(
    await steward(t, [], { env: { CONFIG_FOLDER: other } }),
    /config\.toml line 2 is not valid TOML/,
  );
});

test('the launcher is found through symbolic links, relative ones too', async (t) => {
  const { path } = await tempFolder(t);
  await mkdir(join(path, 'a folder'));
  await symlink(LAUNCHER, join(path, 'a folder/first'));
  await symlink('a folder/first', join(path, 'second'));
  const { stdout } = await steward(t, ['version'], { command: join(path, 'second') });
  assert.equal(stdout, `steward ${VERSION}\n`);
});

test('the launcher passes over a Node.js that is too old, and says so where there is no other', async (t) => {
  const { path } = await tempFolder(t);
  await writeFile(join(path, 'node'), '#!/bin/sh\necho v20.20.2\n');
  await chmod(join(path, 'node'), 0o755);
  const env = { PATH: `${path}:/usr/bin:/bin` };
  assert.equal(
    (await steward(t, ['version'], { env })).stdout,
    `steward ${VERSION}\n`,
    'the bundled one is taken',
  );

  await mkdir(join(path, 'steward/bin'), { recursive: true });
  const lonely = join(path, 'steward/bin/steward');
  await cp(LAUNCHER, lonely);
  const { code, stderr } = await steward(t, ['version'], { command: lonely, env });
  assert.equal(code, 2);
  assert.match(stderr, /^steward: Node\.js 24 or newer is needed[^\n]*\n$/);
});

test('the program has the process id of the launcher, so that signals reach it', async (t) => {
  const { path } = await tempFolder(t);
  await writeFile(join(path, 'node'), '#!/bin/sh\n[ "$1" = --version ] && echo v24.0.0 || echo "$$"\n');
  await chmod(join(path, 'node'), 0o755);
  const program = await ChildProgram.start({
    command: LAUNCHER,
    args: [],
    env: { PATH: `${path}:/usr/bin:/bin` },
  });
  await program.exited;
  assert.equal(program.stdout, `${program.pid}\n`);
});

test('the launcher fixes from what size on memory goes back to the system, unless that is set', async (t) => {
  const { path } = await tempFolder(t);
  await writeFile(
    join(path, 'node'),
    '#!/bin/sh\n[ "$1" = --version ] && echo v24.0.0 || echo "$MALLOC_MMAP_THRESHOLD_"\n',
  );
  await chmod(join(path, 'node'), 0o755);
  const told = async (set: Record<string, string>) =>
    (await steward(t, [], { command: LAUNCHER, env: { PATH: `${path}:/usr/bin:/bin`, ...set } })).stdout;
  assert.equal(await told({}), '131072\n');
  assert.equal(await told({ MALLOC_MMAP_THRESHOLD_: '4096' }), '4096\n');
});
