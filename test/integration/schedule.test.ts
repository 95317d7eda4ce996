import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { errorLog, ledgerRow, startFleet, submitAll, waitForEnd, waitForState } from '../support/fleet.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { processesOf } from '../support/processes-of.ts';
import { startReferencePeer } from '../support/reference-peer.ts';
import { waitFor } from '../support/wait-for.ts';

const OUT = 'out/ship1/out.log';

function scheduled(schedule: unknown, script: string, more: object = {}) {
  return {
    toNode: 'ship1',
    method: 'REQCliCommand',
    methodArgs: ['bash', '-c', script],
    schedule,
    methodTimeout: 60,
    ACKTimeout: 1,
    directory: 'out',
    fileName: 'out.log',
    ...more,
  };
}

/** A script that prints how many runs there were, counted in a file of the node's. */
function counting(node: StewardNode): string {
  const file = join(node.folder, 'count');
  return `echo x >> ${file}; wc -l < ${file}`;
}

async function runsAt(node: StewardNode): Promise<number> {
  const file = join(node.folder, 'count');
  return existsSync(file) ? (await readFile(file, 'utf8')).length / 2 : 0;
}

function numbers(text: string): number[] {
  return text.trim().split('\n').map(Number);
}

function counted(to: number): number[] {
  return Array.from({ length: to }, (_, index) => index + 1);
}

test('an interval runs at once and then until its total is over, and every output comes, in order', async (t) => {
  const { central, ship1 } = await startFleet(t);
  const [id] = await submitAll(central, scheduled([2, 8], counting(ship1)));
  await waitForState(central, id!, 'running');
  const end = await waitForEnd(central, id!);
  assert.deepEqual([end.state, end.reason], ['succeeded', '4 runs, 0 failed, 0 skipped']);
  assert.deepEqual(numbers(await central.waitForFile(OUT, (text) => text.endsWith('4\n'))), counted(4));
  assert.deepEqual(ship1.query('SELECT * FROM schedules'), []);
});

test('a cron expression with seconds runs until expiresIn, and holds up nothing', async (t) => {
  const { central, ship1 } = await startFleet(t);
  const [id, other] = await submitAll(central, [
    scheduled('* * * * * *', counting(ship1), { expiresIn: 4 }),
    { ...scheduled(undefined, 'echo between'), fileName: 'between.log' },
  ]);
  await waitForEnd(central, other!);
  assert.notEqual(ledgerRow(central, id!)?.ended_at, undefined);
  assert.equal(ledgerRow(central, id!)?.ended_at, null);
  const end = await waitForEnd(central, id!);
  assert.equal(end.state, 'succeeded');
  assert.match(String(end.reason), /^[345] runs, 0 failed, 0 skipped$/);
});

test('a node that is killed in the middle of a schedule goes on with it', async (t) => {
  const { central, ship1 } = await startFleet(t);
  const script = `${counting(ship1)}; [ $(wc -l < ${ship1.folder}/count) != 2 ] || sleep 60`;
  const [id] = await submitAll(central, scheduled([1, 9], script));
  await waitFor('the second run is under way', async () => (await runsAt(ship1)) === 2);
  await central.waitForFile(OUT, (text) => text.startsWith('1\n'));
  await ship1.restart();
  const end = await waitForEnd(central, id!, 20_000);
  assert.equal(end.state, 'succeeded');
  const [, runs, failed] = /^(\d+) runs, (\d+) failed, \d+ skipped$/.exec(String(end.reason)) ?? [];
  assert.equal(Number(runs), await runsAt(ship1));
  assert.ok(Number(runs) > 3, `only ${runs} runs`);
  assert.equal(failed, '1');
  const outputs = numbers(await central.waitForFile(OUT, (text) => text.endsWith(`\n${runs}\n`)));
  assert.deepEqual(
    outputs,
    counted(Number(runs)).filter((run) => run !== 2),
  );
  await waitFor('the error is told', async () => (await errorLog(central)).includes('the schedule goes on'));
  assert.deepEqual(await processesOf(id!), [], 'nothing of the run that was cut short is left');
});

test('a schedule runs while there is no broker, and its outputs come when there is one again', async (t) => {
  const { broker, central, ship1 } = await startFleet(t);
  const [id] = await submitAll(central, scheduled([2, 10], counting(ship1)));
  await central.waitForFile(OUT, (text) => text.startsWith('1\n'));
  await broker.kill();
  await waitFor('all runs', async () => (await runsAt(ship1)) === 5);
  assert.ok(numbers(await central.file(OUT)).length < 5);
  await broker.restart();
  const end = await waitForEnd(central, id!, 20_000);
  assert.equal(end.reason, '5 runs, 0 failed, 0 skipped');
  assert.deepEqual(numbers(await central.waitForFile(OUT, (text) => text.endsWith('5\n'))), counted(5));
});

test('a run that takes longer than the interval is never overlapped', async (t) => {
  const { central, ship1 } = await startFleet(t);
  const lock = join(ship1.folder, 'lock');
  const script = `mkdir ${lock} || exit 9; sleep 1.5; rmdir ${lock}; echo ran`;
  const [id] = await submitAll(central, scheduled([1, 5], script));
  const end = await waitForEnd(central, id!, 20_000);
  assert.match(String(end.reason), /^[23] runs, 0 failed, [23] skipped$/);
});

test('a schedule is listed, and ends with its run when it is cancelled', async (t) => {
  const { central, ship1 } = await startFleet(t);
  const [id] = await submitAll(central, scheduled([2, 600], `${counting(ship1)}; sleep 60`));
  await waitFor('it runs', async () => (await processesOf(id!)).length > 0);
  const list = { toNode: 'ship1', method: 'REQOpScheduleList', directory: 'list', fileName: 'list.log' };
  await submitAll(central, list);
  const text = await central.waitForFile('list/ship1/list.log');
  assert.match(
    text,
    new RegExp(
      `, id: ${id}, from: central, method: REQCliCommand, schedule: \\[2,600\\], runs: 0, .*, next: `,
    ),
  );
  await submitAll(central, { toNode: 'ship1', method: 'REQCancel', methodArgs: [id] });
  const end = await waitForEnd(central, id!);
  assert.equal(end.state, 'cancelled');
  assert.match(String(end.reason), /^it was cancelled: 1 run, 0 failed, \d+ skipped$/);
  await waitFor('no process of it is left', async () => (await processesOf(id!)).length === 0);
  await ship1.restart();
  assert.deepEqual(ship1.query('SELECT * FROM schedules'), []);
});

test('a program that does not exist is tried each time, and the schedule has failed then', async (t) => {
  const { central } = await startFleet(t);
  const [id] = await submitAll(central, scheduled([1, 2], '', { methodArgs: ['/no/such/program'] }));
  const end = await waitForEnd(central, id!);
  assert.deepEqual([end.state, end.reason], ['failed', '2 runs, 2 failed, 0 skipped']);
});

test('a node of the original gets no schedule to run once; what comes behind it is sent', async (t) => {
  const broker = await startBroker(t);
  const central = await startStewardNode({ name: 'central', broker }, t);
  const peer = await startReferencePeer({ node: 'ship1', broker }, t);
  const [known] = await submitAll(central, { ...scheduled(undefined, 'echo known') });
  await waitForState(central, known!, 'accepted');
  const [id, next] = await submitAll(central, [
    scheduled([1, 5], 'echo no'),
    scheduled(undefined, 'echo yes'),
  ]);
  const end = await waitForEnd(central, id!);
  assert.equal(end.state, 'rejected');
  assert.match(String(end.reason), /it has a schedule, and ship1 is an original node/);
  await waitForEnd(central, next!);
  assert.deepEqual(
    peer.commands.map(({ request }) => request.methodArgs?.at(-1)),
    ['echo known', 'echo yes'],
  );
});

test('nor does one that was never heard of before', async (t) => {
  const broker = await startBroker(t);
  const central = await startStewardNode({ name: 'central', broker }, t);
  const peer = await startReferencePeer({ node: 'ship1', broker }, t);
  const [id, next] = await submitAll(central, [
    scheduled([1, 5], 'echo no'),
    scheduled(undefined, 'echo yes'),
  ]);
  assert.equal((await waitForEnd(central, id!, 20_000)).state, 'rejected');
  await waitForEnd(central, next!);
  assert.equal(peer.commands.length, 1);
});

test('a schedule that makes no sense is refused with the reason', async (t) => {
  const broker = await startBroker(t);
  const central = await startStewardNode({ name: 'central', broker }, t);
  const message = (schedule: unknown, more: object = {}) => scheduled(schedule, 'true', more);
  const answer = await central.submit([
    message([0, 5]),
    message([5, 4]),
    message('61 * * * *'),
    message([1, 5], { method: 'REQTailFile', methodArgs: ['/tmp/file'] }),
    message([1, 5], { method: 'REQToFile', data: ['x'] }),
    message([1, 5], { relayViaNode: 'ship2' }),
  ]);
  assert.deepEqual(answer.accepted, []);
  const refused = answer.refused as { field: string; reason: string }[];
  assert.deepEqual(
    refused.map(({ field }) => field),
    Array(6).fill('schedule'),
  );
  const words = [
    /1 second at least/,
    /less than the interval/,
    /minute: 61/,
    /goes on by itself/,
    /is no method/,
  ];
  for (const [index, pattern] of [...words, /relayed/].entries())
    assert.match(refused[index]!.reason, pattern);
});
