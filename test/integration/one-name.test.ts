import assert from 'node:assert/strict';
import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { newMessage } from '../../src/message/message.ts';
import { startBroker } from '../support/broker.ts';
import { FAST_RECONNECT, startFleet, submitAll, waitForEnd } from '../support/fleet.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { startReferencePeer } from '../support/reference-peer.ts';
import { command } from '../support/ship1-messages.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

test('a second node of one name refuses to start, and errorCentral hears of it', async (t) => {
  const { broker, central, ship1 } = await startFleet(t);
  const second = await startStewardNode(
    { name: 'ship1', broker, flags: FAST_RECONNECT, waitUntilReady: false },
    t,
  );
  const exit = await waitFor('the second to end', () => second.program.exit);
  assert.ok(exit.code !== null && exit.code > 0, JSON.stringify(exit));
  assert.match(
    second.program.stderr,
    /another node named ship1 runs already.*: stop it, or give this one another nodeName/,
  );
  await central.waitForFile('errorLog/errorCentral/error.log', (text) =>
    /node: ship1, error: another node tries to run under the name ship1/.test(text),
  );
  const [id] = await submitAll(central, command(`echo run >> ${join(ship1.folder, 'runs')}`));
  assert.equal((await waitForEnd(central, id!)).state, 'succeeded');
  assert.equal(await ship1.file('../runs'), 'run\n');
});

test('a copy of a folder whose node lives runs nothing, under its name or another one, with a broker or without', async (t) => {
  const { broker, central, ship1 } = await startFleet(t);
  const runs = join(ship1.folder, 'runs');
  // All but the first wait while it runs.
  const commands = Array.from({ length: 8 }, (_, index) => command(`echo ${index} >> ${runs}; sleep 0.9`));
  const ids = await submitAll(central, commands);
  await waitFor('the queue', () => ship1.query("SELECT 1 FROM journal WHERE state = 'accepted'").length > 5);
  const copies = await Promise.all([0, 1, 2].map(async () => (await tempFolder(t)).path));
  const filter = (path: string) => !path.endsWith('/pipes');
  ship1.pause();
  for (const folder of copies)
    await cp(ship1.databaseFolder, join(folder, 'var/lib'), { recursive: true, filter });
  ship1.resume();
  const start = (name: string, folder: string, address: object) =>
    startStewardNode({ name, folder, flags: FAST_RECONNECT, waitUntilReady: false, broker, ...address }, t);
  const [named, other, offline] = await Promise.all([
    start('ship1', copies[0]!, {}),
    start('ship2', copies[1]!, {}),
    start('ship1', copies[2]!, { broker: '127.0.0.1:1' }),
  ]);
  await waitFor('two to end', () => named!.program.exit && other!.program.exit);
  assert.match(named!.program.stderr, /another node named ship1 runs already/);
  assert.match(
    other!.program.stderr,
    /steward\.db is a copy of that of the node ship1, and what ship1 .*: move .* away, and ship2 begins/,
  );
  await offline!.ready();
  assert.match(offline!.program.stderr, /the database is a copy .* waits until the broker shows/);
  for (const id of ids) assert.equal((await waitForEnd(central, id)).state, 'succeeded');
  assert.equal(await ship1.file('../runs'), ids.map((_, index) => `${index}\n`).join(''));
  // The copy is all that there is: it goes on.
  await ship1.kill();
  await offline!.kill();
  await rm(ship1.databaseFolder, { recursive: true });
  await cp(join(copies[2]!, 'var/lib'), ship1.databaseFolder, { recursive: true, filter });
  await ship1.start();
  await waitFor('what waited', () => !ship1.query("SELECT 1 FROM journal WHERE state = 'accepted'").length);
});

test('of two nodes of one name that started without a broker, one yields and each command runs once', async (t) => {
  const broker = await startBroker(t);
  const central = await startStewardNode({ name: 'central', broker, flags: FAST_RECONNECT }, t);
  await broker.kill();
  const runs = join((await tempFolder(t)).path, 'runs');
  const twins: StewardNode[] = [];
  for (let index = 0; index < 2; index++) {
    twins.push(await startStewardNode({ name: 'ship1', broker, flags: FAST_RECONNECT }, t));
  }
  await broker.restart();
  const yielded = () =>
    twins.filter(
      ({ program }) => program.exit !== undefined || /takes no requests|runs already/.test(program.stderr),
    );
  const [younger] = await waitFor('one to yield', () => yielded().length > 0 && yielded());
  const ids = await submitAll(
    central,
    Array.from({ length: 20 }, (_, index) => command(`echo ${index} >> ${runs}`)),
  );
  for (const id of ids) assert.equal((await waitForEnd(central, id)).state, 'succeeded');
  const older = twins.find((twin) => twin !== younger)!;
  assert.equal(yielded().length, 1, 'the other one serves');
  assert.equal(older.query("SELECT row FROM journal WHERE state = 'succeeded'").length, 20);
  const numbers = (await readFile(runs, 'utf8')).split('\n').slice(0, -1);
  assert.deepEqual(
    numbers,
    Array.from({ length: 20 }, (_, index) => String(index)),
  );
});

test('a node that finds an original one of its name starts, says so, and leaves all to it', async (t) => {
  const broker = await startBroker(t);
  const methods = ['REQCliCommand', 'REQPing'];
  const original = await startReferencePeer({ node: 'ship1', broker, methods }, t);
  const central = await startStewardNode({ name: 'central', broker, flags: FAST_RECONNECT }, t);
  const ship1 = await startStewardNode({ name: 'ship1', broker, flags: FAST_RECONNECT }, t);
  await central.waitForFile('errorLog/errorCentral/error.log', (text) =>
    /node: ship1, error: a node of the original program answers to the name ship1: this node takes no/.test(
      text,
    ),
  );
  const [id] = await submitAll(central, command('true'));
  assert.equal((await waitForEnd(central, id!)).state, 'handed-over');
  await waitFor('the command of the original', () => original.commands[0]?.end);
  assert.deepEqual(ship1.query('SELECT row FROM journal'), []);
});

test('an original node that starts later in the name of another is told of by the central node', async (t) => {
  const broker = await startBroker(t);
  const flags = { ...FAST_RECONNECT, startPubREQHello: 1 };
  const central = await startStewardNode({ name: 'central', broker, flags }, t);
  await startStewardNode({ name: 'ship1', broker, flags }, t);
  await central.waitForFile('hello-messages/ship1/hello.log');
  const original = await startReferencePeer({ node: 'ship1', broker, methods: [] }, t);
  const hello = newMessage({ toNode: 'central', fromNode: 'ship1', method: 'REQHello' });
  const isTold = async () => {
    await original.publish(hello);
    const log = await central.file('errorLog/errorCentral/error.log').catch(() => '');
    return log.includes('two nodes are named ship1, and one of them is of the original program');
  };
  await waitFor('central to say so', isTold, { intervalMs: 100, timeoutMs: 30_000 });
});
