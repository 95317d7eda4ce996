import assert from 'node:assert/strict';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import {
  FAST_RECONNECT,
  sentOn,
  sharedFleet,
  submitAll,
  waitForEnd,
  waitForState,
} from '../support/fleet.ts';
import { type StewardNode, startStewardNode, stewardCommand } from '../support/node.ts';
import { append } from '../support/ship1-messages.ts';
import { canMount, mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

/** For tests whose nodes have disks that are large enough. */
const fleet = sharedFleet();
const skip = (await canMount()) ? false : 'only root may mount a small disk';

test('a receiver whose database has no room acknowledges nothing wrongly, and takes all once there is room', {
  skip,
}, async (t) => {
  const { central, ship1, disk } = await fleetWithSmallDisk(t, 'ship1', 'var/lib');
  const runs = join(ship1.folder, 'runs');
  await submitInOrder(central, runs, 0, 5);
  await disk.fill();
  const numbers = Array.from({ length: 300 }, (_, index) => index + 5);
  const ids = await submitAll(
    central,
    numbers.flatMap((number) => [appendLine(number), command(runs, number)]),
  );
  const isFull = () =>
    ship1.logLines().some(({ msg }) => /not accepted for now|cannot be written/.test(String(msg)));
  await waitFor('ship1 to notice', isFull);
  assert.equal(ship1.program.exit, undefined);
  await disk.free();
  for (const id of ids) assert.equal((await waitForEnd(central, id, 45_000)).state, 'succeeded');
  const text = Array.from({ length: 305 }, (_, index) => `${index}\n`).join('');
  assert.equal(await ship1.file('out/ship1/out.log'), text);
  assert.equal(await ship1.file('../runs'), text);
});

test('a receiver that is killed while its database has no room takes each message once when there is room again', {
  skip,
}, async (t) => {
  const { central, ship1, disk } = await fleetWithSmallDisk(t, 'ship1', 'var/lib');
  await submitAll(central, appendLine(0));
  await ship1.waitForFile('out/ship1/out.log');
  await disk.fill();
  const ids = await submitAll(
    central,
    Array.from({ length: 200 }, (_, index) => appendLine(index + 1)),
  );
  const isFull = () =>
    ship1.logLines().some(({ msg }) => /not accepted for now|cannot be written/.test(String(msg)));
  await waitFor('ship1 to notice', isFull);
  await ship1.kill();
  await disk.free();
  await ship1.start();
  for (const id of ids) assert.equal((await waitForEnd(central, id, 45_000)).state, 'succeeded');
  assert.equal(
    await ship1.file('out/ship1/out.log'),
    Array.from({ length: 201 }, (_, index) => `${index}\n`).join(''),
  );
});

test('the sender of a command that is over at a node without room is told so, and why', {
  skip,
}, async (t) => {
  const { central, ship1, disk } = await fleetWithSmallDisk(t, 'ship1', 'var/lib');
  const gate = join(ship1.folder, 'gate');
  // No end with so much output finds room somewhere in the log of writes.
  const script = 'until [ -e "$1" ]; do sleep 0.05; done; head -c 400000 /dev/urandom';
  const reply = { replyMethod: 'REQToFile', directory: 'over', fileName: 'over' };
  const [id] = await submitAll(central, {
    ...waitsFor(gate),
    ...reply,
    methodArgs: ['bash', '-c', script, 'bash', gate],
  });
  await waitForState(central, id!, 'running');
  await disk.fill();
  await writeFile(gate, '');
  const isNoted = () => ship1.logLines().some(({ msg }) => /cannot be written/.test(String(msg)));
  await waitFor('ship1 to notice', isNoted);
  // A node asks for what is open at its start.
  await central.stop();
  await central.start();
  await waitFor('the reason', () => {
    const reason = String(central.query('SELECT reason FROM ledger WHERE id = ?', id!)[0]?.reason);
    assert.match(reason, /^it is over there.* ship1 says since 2.* UTC: the database .*(full|free space)/);
    return true;
  });
  await disk.free();
  const end = await waitForEnd(central, id!, 45_000);
  assert.deepEqual([end.state, end.reason], ['succeeded', null]);
});

test('a receiver whose data folder has no room takes each append once, when there is room', {
  skip,
}, async (t) => {
  const { central, ship1, disk } = await fleetWithSmallDisk(t, 'ship1', 'data');
  await submitAll(central, appendLine(0));
  await ship1.waitForFile('out/ship1/out.log');
  await disk.fill();
  const lines = Array.from({ length: 60 }, (_, index) => `${index + 1} ${'x'.repeat(500)}`);
  const ids = await submitAll(central, lines.map(appendLine));
  await waitFor('ship1 to say so', () =>
    ship1.logLines().some(({ msg }) => /no space|full|ENOSPC/i.test(String(msg))),
  );
  const before = sentOn(central, 'ship1.REQToFileAppend.EventACK').slice(1);
  assert.ok(
    before.some(({ ended_at }) => ended_at === null),
    'something waits',
  );
  await disk.free();
  for (const id of ids) assert.equal((await waitForEnd(central, id, 45_000)).state, 'succeeded');
  assert.equal(await ship1.file('out/ship1/out.log'), ['0', ...lines].map((line) => `${line}\n`).join(''));
});

test('reports that come while the audit log of the sender cannot grow end their requests once it can', async (t) => {
  const broker = await startBroker(t);
  const folder = (await tempFolder(t)).path;
  const auditLog = join(folder, 'var/lib/store.log');
  await mkdir(dirname(auditLog), { recursive: true });
  // Each write to it fails as on a full disk, while the database takes what comes.
  await symlink('/dev/full', auditLog);
  const options = { broker, flags: FAST_RECONNECT };
  const central = await startStewardNode({ ...options, name: 'central', folder }, t);
  const ship1 = await startStewardNode({ ...options, name: 'ship1' }, t);
  const ids = await submitAll(
    central,
    Array.from({ length: 40 }, () => waitsFor(ship1.folder)),
  );
  await waitFor('central to notice', () => central.logLines().some(isRefusal));
  await central.stop();
  await rm(auditLog);
  await central.start();
  for (const id of ids) assert.equal((await waitForEnd(central, id, 60_000)).state, 'succeeded');
});

test('reports that come while another program holds the database for 7 s end their requests once it lets go', async () => {
  const { central, ship1 } = await fleet();
  const gate = join(ship1.folder, 'gate');
  const ids = await submitAll(
    central,
    Array.from({ length: 5 }, () => waitsFor(gate)),
  );
  for (const id of ids) await waitForState(central, id, 'running');
  await lockFor(7000, central, () => writeFile(gate, ''));
  for (const id of ids) assert.equal((await waitForEnd(central, id, 45_000)).state, 'succeeded');
});

test('a cancellation that comes while another program holds the database for 7 s counts once it lets go', async () => {
  const { central, ship1 } = await fleet();
  const [id] = await submitAll(central, waitsFor(join(ship1.folder, 'never')));
  await waitForState(central, id!, 'running');
  const [cancel] = await lockFor(7000, ship1, () =>
    submitAll(central, { toNode: 'ship1', method: 'REQCancel', methodArgs: [id!] }),
  );
  assert.equal((await waitForEnd(central, cancel!, 45_000)).state, 'succeeded');
  assert.equal((await waitForEnd(central, id!, 45_000)).state, 'cancelled');
});

test('a sender whose database has no room refuses a submission with the reason, and goes on when there is room', {
  skip,
}, async (t) => {
  const { central, ship1, disk } = await fleetWithSmallDisk(t, 'central', 'var/lib');
  await submitAll(central, appendLine(0));
  await ship1.waitForFile('out/ship1/out.log');
  await disk.fill();
  const accepted: number[] = [];
  const refusal = await waitFor('a refusal', async () => {
    const number = accepted.length + 1;
    const answer = await central.submit([appendLine(number)]);
    if ((answer.accepted as unknown[]).length === 1) accepted.push(number);
    return (answer.refused as { reason: string }[])[0];
  });
  assert.match(refusal.reason, /not accepted: the database .* the disk is full: free some space/);
  await disk.free();
  const last = accepted.length + 1;
  const [id] = await submitAll(central, appendLine(last));
  assert.equal((await waitForEnd(central, id!, 30_000)).state, 'succeeded');
  const expected = [0, ...accepted, last].map((number) => `${number}\n`).join('');
  assert.equal(await ship1.file('out/ship1/out.log'), expected);
});

/** A fleet in which one folder of one node lies on a disk of a few MB. */
async function fleetWithSmallDisk(
  t: TestContext,
  name: 'central' | 'ship1',
  part: string,
): Promise<{ central: StewardNode; ship1: StewardNode; disk: SmallDisk }> {
  const folder = (await tempFolder(t)).path;
  const disk = await mountSmallDisk(join(folder, part), t);
  const broker = await startBroker(t);
  const options = { broker, flags: FAST_RECONNECT };
  const central = await startStewardNode(
    { ...options, name: 'central', ...(name === 'central' && { folder }) },
    t,
  );
  const ship1 = await startStewardNode({ ...options, name: 'ship1', ...(name === 'ship1' && { folder }) }, t);
  return { central, ship1, disk };
}

async function submitInOrder(central: StewardNode, runs: string, from: number, to: number): Promise<void> {
  for (let number = from; number < to; number++) {
    for (const id of await submitAll(central, [appendLine(number), command(runs, number)])) {
      assert.equal((await waitForEnd(central, id)).state, 'succeeded');
    }
  }
}

/** A line of the log that says that messages are not taken for now. */
function isRefusal({ msg }: { readonly msg?: unknown }): boolean {
  return /not accepted for now/.test(String(msg));
}

/** Holds the database of a node as another program would, from before `work` for so long. */
async function lockFor<T>(ms: number, node: StewardNode, work: () => Promise<T>): Promise<T> {
  using lock = new DatabaseSync(join(node.databaseFolder, 'steward.db'), { timeout: 5000 });
  lock.exec('BEGIN IMMEDIATE');
  const until = performance.now() + ms;
  const done = await work();
  await waitFor('the other program to let go', () => performance.now() >= until, { timeoutMs: 2 * ms });
  lock.exec('ROLLBACK');
  return done;
}

/** A command that ends once a file is there. */
function waitsFor(gate: string): object {
  return {
    toNode: 'ship1',
    method: 'REQCliCommand',
    methodArgs: ['bash', '-c', 'until [ -e "$1" ]; do sleep 0.05; done', 'bash', gate],
    replyMethod: 'REQNone',
    methodTimeout: 120,
    ACKTimeout: 1,
  };
}

function command(runs: string, number: number): object {
  return {
    toNode: 'ship1',
    method: 'REQCliCommand',
    methodArgs: ['bash', '-c', `echo ${number} >> ${runs}`],
    replyMethod: 'REQNone',
    methodTimeout: 30,
    ACKTimeout: 1,
  };
}

test('a node goes on whose files may not grow as long as its log of writes would become', async (t) => {
  const broker = await startBroker(t);
  // 2 MB, or 4 where a block of the shell is 1 kB.
  const command = ['/bin/sh', '-c', 'ulimit -f 4096; exec "$0" "$@"', ...stewardCommand()];
  const flags = { ...FAST_RECONNECT, auditLogMaxMB: 1 };
  const central = await startStewardNode({ name: 'central', broker, flags, command }, t);
  const data = ['x'.repeat(300_000)];
  const send = async (number: number) => {
    const message = { toNode: 'central', method: 'REQToFile', data, directory: 'd', fileName: `f${number}` };
    const { accepted } = await central.submit([message]);
    return (accepted as { id: string }[])[0]?.id;
  };
  for (let number = 0; number < 30; number++) {
    // What is refused as the log is full is accepted once that was moved.
    const id = await waitFor('it to be accepted', () => send(number), { intervalMs: 200 });
    assert.equal((await waitForEnd(central, id)).state, 'succeeded');
  }
});

function appendLine(content: number | string): object {
  return append(`${content}\n`);
}
