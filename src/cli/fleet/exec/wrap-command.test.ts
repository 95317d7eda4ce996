import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../../../test/support/temp-folder.ts';
import { askedCommand } from '../../../message/asked-command.ts';
import { DATA_FILE, wrapCommand } from './wrap-command.ts';

const NOWHERE = { env: [], cwd: undefined, user: undefined };

/** Runs the arguments of a message as a node does, with its data in a file. */
function run(args: readonly string[], dataFile = '') {
  const [program, ...rest] = args.map((arg) => (arg === DATA_FILE ? dataFile : arg));
  const { status, stdout, stderr } = spawnSync(program!, rest, { encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('a command that asks for nothing stays as it is, and variables alone take no shell', () => {
  assert.deepEqual(wrapCommand(['uptime', '-p'], NOWHERE, 'none'), ['uptime', '-p']);
  const args = wrapCommand(['sh', '-c', 'echo "$A"'], { ...NOWHERE, env: ['A=x y'] }, 'none');
  assert.equal(run(args).stdout, 'x y\n');
});

test('a command runs in its folder, with its words as they are and its data on standard input', async (t) => {
  const folder = await tempFolder(t);
  const data = join(folder.path, 'data');
  await writeFile(data, 'some data');
  const place = { ...NOWHERE, cwd: folder.path, env: ['LANG=C'] };
  const args = wrapCommand(['sh', '-c', 'pwd; cat; printf " %s" "$@"', 'x', 'a  b', "it's"], place, 'stdin');
  assert.equal(run(args, data).stdout, `${folder.path}\nsome data a  b it's`);
});

test('a script runs in another folder, although the node names it from its own', async (t) => {
  const folder = await tempFolder(t);
  const data = relative(process.cwd(), join(folder.path, 'data'));
  await writeFile(data, 'pwd; echo "$1"');
  const args = wrapCommand(['sh', DATA_FILE, 'a b'], { ...NOWHERE, cwd: '/usr' }, 'script');
  assert.deepEqual(run(args, data), { status: 0, stdout: '/usr\na b\n', stderr: '' });
});

test('a folder and a user that are not there are named', () => {
  const inNoFolder = run(wrapCommand(['true'], { ...NOWHERE, cwd: '/no/such/folder' }, 'none'));
  assert.equal(inNoFolder.status, 125);
  assert.match(
    inNoFolder.stderr,
    /^steward: there is no folder \/no\/such\/folder on this node that \S+ may enter\n$/,
  );
  const asNobody = run(wrapCommand(['true'], { ...NOWHERE, user: 'nosuchuser' }, 'none'));
  assert.deepEqual(
    [asNobody.status, asNobody.stderr],
    [125, 'steward: there is no user nosuchuser on this node\n'],
  );
});

const isRoot = process.getuid?.() === 0;
const skip = isRoot ? false : 'it takes root to become somebody else';

test('a command runs as another user, with the groups and the home of that user', { skip }, () => {
  const script = 'id -un; id -G; echo "$HOME $USER"; test -w /etc/passwd || echo cannot';
  const { stdout } = run(wrapCommand(['sh', '-c', script], { ...NOWHERE, user: 'daemon' }, 'none'));
  const [name, groups, home, end] = stdout.trimEnd().split('\n');
  const own = execFileSync('id', ['-G', 'daemon'], { encoding: 'utf8' }).trim();
  const folder = execFileSync('sh', ['-c', 'echo ~daemon'], { encoding: 'utf8' }).trim();
  assert.deepEqual([name, groups, home, end], ['daemon', own, `${folder} daemon`, 'cannot']);
});

test('a script that another user runs can be read by that user, and is removed', { skip }, async (t) => {
  const folder = await tempFolder(t);
  const data = join(folder.path, 'data');
  await writeFile(data, 'echo "$0"; id -un; echo "$1"; exit 3', { mode: 0o600 });
  const args = wrapCommand(['sh', DATA_FILE, 'a b'], { ...NOWHERE, user: 'daemon' }, 'script');
  const { status, stdout } = run(args, data);
  const [path, ...lines] = stdout.trimEnd().split('\n');
  assert.deepEqual([status, lines], [3, ['daemon', 'a b']]);
  assert.equal(spawnSync('test', ['-e', path!]).status, 1);
});

test('of a command that exec prepared the command is left, of others all', () => {
  const place = { env: [], cwd: undefined, user: undefined };
  const command = ['sh', '-c', 'echo $1; shift', 'x'];
  for (const wrapped of [
    wrapCommand(command, place, 'none'),
    wrapCommand(command, place, 'stdin'),
    wrapCommand(command, { ...place, cwd: '/srv' }, 'none'),
    wrapCommand(command, { ...place, user: 'deploy' }, 'script'),
  ])
    assert.deepEqual(askedCommand(wrapped), command);
  assert.deepEqual(askedCommand([]), []);
});
