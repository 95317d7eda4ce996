import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import type { ChildProgram } from '../support/child-program.ts';
import { errorLog, FAST_RECONNECT, startFleet, submitAll, waitForEnd } from '../support/fleet.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { append } from '../support/ship1-messages.ts';
import { canMount, mountSmallDisk } from '../support/small-disk.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

test('a database file that is not a database ends the start with one clear sentence', async (t) => {
  const program = await startOn(t, (path) =>
    writeFile(path, 'These are not the bytes that you look for.\n'.repeat(400)),
  );
  await refuses(program, /steward\.db.* is not a Steward database: move it away/);
});

test("another program's database ends the start with one clear sentence, and is left as it is", async (t) => {
  let path = '';
  const program = await startOn(t, async (where) => {
    path = where;
    using database = new DatabaseSync(path);
    database.exec('CREATE TABLE songs (title TEXT)');
  });
  await refuses(
    program,
    /steward\.db is another program's database: move it away, or choose another databaseFolder/,
  );
  using database = new DatabaseSync(path);
  assert.deepEqual(
    database
      .prepare('SELECT name FROM sqlite_schema')
      .all()
      .map(({ name }) => name),
    ['songs'],
  );
});

test('a damaged database ends the start with one clear sentence', async (t) => {
  const node = await usedNode(t);
  const path = join(node.databaseFolder, 'steward.db');
  const bytes = await readFile(path);
  for (let page = 3; page * 4096 < bytes.length; page++) bytes.fill(0x5a, page * 4096, page * 4096 + 2000);
  await writeFile(path, bytes);
  await assert.rejects(node.start(), /ended with exit code [1-9]/);
  await refuses(node.program, /steward\.db is damaged.*: move it away, or restore it from a backup/);
});

test('a database of a newer version ends the start with one clear sentence', async (t) => {
  const node = await usedNode(t);
  using database = new DatabaseSync(join(node.databaseFolder, 'steward.db'));
  database.exec('PRAGMA user_version = 900');
  database.close();
  await assert.rejects(node.start(), /ended with exit code [1-9]/);
  await refuses(node.program, /written by a newer Steward \(schema 900/);
});

test('a second node on one folder refuses to start, and harms the first in nothing', async (t) => {
  const { broker, central, ship1 } = await startFleet(t);
  const second = await startStewardNode(
    { name: 'ship2', broker, flags: FAST_RECONNECT, folder: ship1.folder, waitUntilReady: false },
    t,
  );
  await refuses(
    second.program,
    /another node already runs on the folder .*var\/lib: stop it, or give this one its own/,
  );
  const [id] = await submitAll(central, append('fine\n'));
  assert.equal((await waitForEnd(central, id!)).state, 'succeeded');
  assert.deepEqual((await ship1.submit(append('too\n'))).refused, []);
});

test('a database folder that is a file ends the start with one clear sentence', async (t) => {
  const folder = (await tempFolder(t)).path;
  const blocked = join(folder, 'file');
  await writeFile(blocked, '');
  const node = await startStewardNode(
    {
      name: 'ship1',
      broker: '127.0.0.1:1',
      flags: { databaseFolder: join(blocked, 'lib') },
      waitUntilReady: false,
    },
    t,
  );
  await refuses(node.program, /the folder .*file\/lib cannot be made/);
});

test('a database that is deleted under a running node is noticed, nothing is accepted, and errorCentral hears of it', async (t) => {
  const { central, ship1 } = await startFleet(t);
  const [id] = await submitAll(ship1, { ...append('x'), toNode: 'central' });
  assert.equal((await waitForEnd(ship1, id!)).state, 'succeeded');
  await rm(join(ship1.databaseFolder, 'steward.db'));
  const answer = await ship1.submit(append('y'));
  assert.match(
    (answer.refused as { reason: string }[])[0]!.reason,
    /^not accepted: .*steward\.db was deleted while/,
  );
  await waitFor('the report', async () =>
    (await errorLog(central)).includes('was deleted while the node runs'),
  );
});

const skip = (await canMount()) ? false : 'only root may mount a small disk';

test('a full disk ends the first start with one clear sentence', { skip }, async (t) => {
  const folder = (await tempFolder(t)).path;
  const disk = await mountSmallDisk(join(folder, 'var/lib'), t);
  await disk.fill();
  const node = await startStewardNode(
    { name: 'ship1', broker: '127.0.0.1:1', folder, waitUntilReady: false },
    t,
  );
  await refuses(node.program, /free some space/);
});

/** A node that has been used and was stopped. */
async function usedNode(t: TestContext): Promise<StewardNode> {
  const broker = await startBroker(t);
  const node = await startStewardNode({ name: 'central', broker, flags: FAST_RECONNECT }, t);
  const ids = await submitAll(
    node,
    Array.from({ length: 200 }, () => ({ ...append('x\n'), toNode: 'central' })),
  );
  for (const id of ids) await waitForEnd(node, id);
  await node.stop();
  return node;
}

/** Starts a node on a database folder that was prepared. */
async function startOn(t: TestContext, prepare: (path: string) => Promise<void>): Promise<ChildProgram> {
  const folder = (await tempFolder(t)).path;
  await mkdir(join(folder, 'var/lib'), { recursive: true });
  const path = join(folder, 'var/lib/steward.db');
  await prepare(path);
  await chmod(path, 0o600);
  const node = await startStewardNode(
    { name: 'ship1', broker: '127.0.0.1:1', folder, waitUntilReady: false },
    t,
  );
  return node.program;
}

/** Waits until a program has ended by itself with a failure, and holds its last words against a pattern. */
async function refuses(program: ChildProgram, sentence: RegExp): Promise<void> {
  const exit = await waitFor('the program to end', () => program.exit);
  assert.ok(exit.code !== null && exit.code > 0, `exit code ${exit.code}, signal ${exit.signal}`);
  assert.match(program.stderr, sentence);
  assert.ok(!/\n\s+at /.test(program.stderr), `a stack is no sentence:\n${program.stderr}`);
}
