import assert from 'node:assert/strict';
import { chmod, mkdir, open, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import type { Config } from '../config/config.ts';
import { openStore } from '../store/open-store.ts';
import { checkDatabase } from './check-database.ts';
import { checkFiles } from './check-files.ts';
import { checkFolders } from './check-folders.ts';
import { checkMachine } from './check-machine.ts';
import { checkSocket } from './check-socket.ts';

const isRoot = process.getuid?.() === 0;
const LOOK = { isThorough: false };

function folders(path: string, more: Partial<Config> = {}): Config {
  const config = {
    ...{ databaseFolder: join(path, 'db'), subscribersDataFolder: join(path, 'data') },
    ...{ socketFolder: join(path, 'tmp'), startupFolder: '', readFolder: '', ...more },
  };
  return config as Config;
}

test('folders that are there have their disk and room told, missing ones are made or not', async (t) => {
  const { path } = await tempFolder(t);
  await mkdir(join(path, 'db'));
  const found = await checkFolders(folders(path, { startupFolder: join(path, 'startup') }));
  const about = (option: string) => found.find(({ text }) => text.startsWith(option))!;
  assert.match(about('databaseFolder').text, /: [\d.]+ [GM]B of [\d.]+ [GM]B free/);
  assert.match(about('subscribersDataFolder').text, /not there yet, made at the first start$/);
  assert.deepEqual(
    [about('startupFolder').verdict, about('startupFolder').advice],
    ['fail', `mkdir -p ${path}/startup, or take startupFolder out`],
  );
});

test('a folder that cannot be written is a fault', {
  skip: isRoot && 'root may write everywhere',
}, async (t) => {
  const { path } = await tempFolder(t);
  await mkdir(join(path, 'db'), { mode: 0o500 });
  const [found] = await checkFolders(folders(path));
  assert.match(found!.text, /^databaseFolder .* cannot be written by this user \(EACCES\)/);
});

test('a file where a folder should be, and a path too long for a socket, are faults', async (t) => {
  const { path } = await tempFolder(t);
  await writeFile(join(path, 'db'), '');
  const long = join(path, 'x'.repeat(90));
  const found = await checkFolders(folders(path, { socketFolder: long }));
  const faults = found.filter(({ verdict }) => verdict !== 'ok').map(({ text }) => text);
  assert.match(faults[0]!, /databaseFolder .* is no folder/);
  assert.match(faults.at(-1)!, /too long for a socket: \d+ bytes, 107 at most/);
});

test('a database is read, whether it is in use or not, and nothing is left next to it', async (t) => {
  const { path } = await tempFolder(t);
  assert.match(checkDatabase(path, LOOK).findings[0]!.text, /is not there yet/);
  {
    await using _store = await openStore({ folder: path });
    assert.match(checkDatabase(path, LOOK).findings[0]!.text, /MB, whole; 0 messages wait/);
  }
  const before = (await readdir(path)).sort();
  assert.equal(checkDatabase(path, LOOK).findings[0]!.verdict, 'ok');
  assert.deepEqual((await readdir(path)).sort(), before);
});

test('a damaged database, and a file that is none, are faults', async (t) => {
  const { path } = await tempFolder(t);
  {
    await using _store = await openStore({ folder: path });
  }
  await using file = await open(join(path, 'steward.db'), 'r+');
  await file.write(Buffer.alloc(4096, 0xff), 0, 4096, 2 * 4096);
  const damaged = checkDatabase(path, LOOK).findings[0]!;
  assert.deepEqual([damaged.verdict, /is damaged/.test(damaged.text)], ['fail', true]);
  const { path: other } = await tempFolder(t);
  await writeFile(join(other, 'steward.db'), 'this is a text, and a rather long one at that');
  assert.match(checkDatabase(other, LOOK).findings[0]!.text, /is not a Steward database/);
});

test('a socket is alive, left over, or not there', async (t) => {
  const { path } = await tempFolder(t);
  assert.deepEqual((await checkSocket(path)).isRunning, false);
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(join(path, 'steward.sock'), resolve));
  assert.deepEqual((await checkSocket(path)).isRunning, true);
  await new Promise((resolve) => server.close(resolve));
});

test('secrets that others can read are reported', async (t) => {
  const { path } = await tempFolder(t);
  const [seed, file] = [join(path, 'ship1.nk'), join(path, 'config.toml')];
  await writeFile(seed, 'SU...', { mode: 0o644 });
  await writeFile(file, '', { mode: 0o644 });
  await chmod(seed, 0o644);
  await chmod(file, 0o644);
  const config = {
    ...{ nodeName: 'ship1', centralNodeName: 'central', brokerAddress: 'nats://a:b@c:4222' },
    ...{ nkeySeedFile: seed, credsFile: '', tlsKeyFile: '', listenerTokenFile: '', listenerToken: '' },
  } as Config;
  const warned = (await checkFiles(config, file)).filter(({ verdict }) => verdict === 'warn');
  assert.deepEqual(
    warned.map(({ advice }) => advice),
    [`chmod 600 ${seed}`, `chmod 600 ${file}`],
  );
  await chmod(seed, 0o600);
  await chmod(file, 0o600);
  assert.ok((await checkFiles(config, file)).every(({ verdict }) => verdict === 'ok'));
});

test('the versions of all that matters are told', async () => {
  const [versions] = await checkMachine({ steward: '1.2.3', engine: 'Node.js 24.0.0', sqlite: '3.50.0' });
  assert.match(versions!.text, /^steward 1\.2\.3, Node\.js 24\.0\.0, SQLite 3\.50\.0; /);
});
