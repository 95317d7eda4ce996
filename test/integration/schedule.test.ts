import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { errorLog, ledgerRow, sharedFleet, submitAll, waitForEnd, waitForState } from '../support/fleet.ts';
import { startStewardNode } from '../support/node.ts';
import { processesOf } from '../support/processes.ts';
import { startReferencePeer } from '../support/reference-peer.ts';
import { waitFor, waitForFile } from '../support/wait-for.ts';

const fleet = sharedFleet();
let tests = 0;

/** The fleet, and the names that are this test's own: where outputs come, and where ship1 counts runs. */
async function setUp() {
  const { broker, central, ship1 } = await fleet();
  tests += 1;
  const fileName = `out${tests}.log`;
  const file = join(ship1.folder, `count${tests}`);
  return {
    ...{ broker, central, ship1, file, out: `out/ship1/${fileName}` },
    /** A script that prints how many runs there were, counted in a file of the node's. */
    counting: `echo x >> ${file}; wc -l < ${file}`,
    runs: async () => (existsSync(file) ? (await readFile(file, 'utf8')).length / 2 : 0),
    scheduled: (schedule: unknown, script: string, more: object = {}) =>
      scheduled(schedule, script, { fileName, ...more }),
  };
}

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

function numbers(text: string): number[] {
  return text.trim().split('\n').map(Number);
}

function counted(to: number): number[] {
  return Array.from({ length: to }, (_, index) => index + 1);
}

test('an interval runs at once and then until its total is over, and every output comes, in order', async () => {
  const { central, ship1, out, counting, scheduled } = await setUp();
  const [id] = await submitAll(central, scheduled([2, 8], counting));
  await waitForState(central, id!, 'running');
  const end = await waitForEnd(central, id!);
  assert.deepEqual([end.state, end.reason], ['succeeded', '4 runs, 0 failed, 0 skipped']);
  assert.deepEqual(numbers(await central.waitForFile(out, (text) => text.endsWith('4\n'))), counted(4));
  assert.deepEqual(ship1.query('SELECT * FROM schedules'), []);
});

test('a daemon that one run leaves outlives the time-out of the next, the end of the schedule, and a crash of the node', async (t) => {
  const { central, ship1, scheduled } = await setUp();
  const pid = join(ship1.folder, 'pid');
  const script = `test -f ${pid} && exec sleep 60; setsid sleep 304 >/dev/null 2>&1 & echo $! > ${pid}`;
  const [id] = await submitAll(central, scheduled([3, 300], script, { methodTimeout: 1 }));
  const daemon = await waitForFile(pid, (text) => text !== '');
  t.after(() => process.kill(Number(daemon), 'SIGKILL'));
  await waitFor('a run that timed out', () =>
    errorLog(central).then((text) => text.includes('method timed out')),
  );
  const isAlone = async () => (await processesOf(id!)).join() === daemon.trim();
  await waitFor('the daemon to be alone', isAlone);
  await waitFor('the next run', async () => !(await isAlone()));
  await ship1.kill();
  await ship1.start();
  await waitFor('the daemon to be alone', isAlone);
  await submitAll(central, { toNode: 'ship1', method: 'REQCancel', methodArgs: [id] });
  assert.equal((await waitForEnd(central, id!)).state, 'cancelled');
  assert.equal(await isAlone(), true);
});

test('a cron expression with seconds runs until expiresIn, and holds up nothing', async () => {
  const { central, counting, scheduled } = await setUp();
  const [id, other] = await submitAll(central, [
    scheduled('* * * * * *', counting, { expiresIn: 4 }),
    { ...scheduled(undefined, 'echo between'), fileName: 'between.log' },
  ]);
  await waitForEnd(central, other!);
  assert.notEqual(ledgerRow(central, id!)?.ended_at, undefined);
  assert.equal(ledgerRow(central, id!)?.ended_at, null);
  const end = await waitForEnd(central, id!);
  assert.equal(end.state, 'succeeded');
  assert.match(String(end.reason), /^[345] runs, 0 failed, 0 skipped$/);
});

test('a node that is killed in the middle of a schedule goes on with it', async () => {
  const { central, ship1, file, out, counting, runs: runsSoFar, scheduled } = await setUp();
  const script = `${counting}; [ $(wc -l < ${file}) != 2 ] || sleep 60`;
  const [id] = await submitAll(central, scheduled([1, 9], script));
  await waitFor('the second run is under way', async () => (await runsSoFar()) === 2);
  await central.waitForFile(out, (text) => text.startsWith('1\n'));
  await ship1.restart();
  const end = await waitForEnd(central, id!, 20_000);
  assert.equal(end.state, 'succeeded');
  const [, runs, failed] = /^(\d+) runs, (\d+) failed, \d+ skipped$/.exec(String(end.reason)) ?? [];
  assert.equal(Number(runs), await runsSoFar());
  assert.ok(Number(runs) > 3, `only ${runs} runs`);
  assert.equal(failed, '1');
  const outputs = numbers(await central.waitForFile(out, (text) => text.endsWith(`\n${runs}\n`)));
  assert.deepEqual(
    outputs,
    counted(Number(runs)).filter((run) => run !== 2),
  );
  await waitFor('the error is told', async () => (await errorLog(central)).includes('the schedule goes on'));
  assert.deepEqual(await processesOf(id!), [], 'nothing of the run that was cut short is left');
});

test('a schedule runs while there is no broker, and its outputs come when there is one again', async () => {
  const { broker, central, out, counting, runs, scheduled } = await setUp();
  const [id] = await submitAll(central, scheduled([2, 10], counting));
  await central.waitForFile(out, (text) => text.startsWith('1\n'));
  await broker.kill();
  await waitFor('all runs', async () => (await runs()) === 5);
  assert.ok(numbers(await central.file(out)).length < 5);
  await broker.restart();
  const end = await waitForEnd(central, id!, 20_000);
  assert.equal(end.reason, '5 runs, 0 failed, 0 skipped');
  assert.deepEqual(numbers(await central.waitForFile(out, (text) => text.endsWith('5\n'))), counted(5));
});

test('a run that takes longer than the interval is never overlapped', async () => {
  const { central, ship1, scheduled } = await setUp();
  const lock = join(ship1.folder, 'lock');
  const script = `mkdir ${lock} || exit 9; sleep 1.5; rmdir ${lock}; echo ran`;
  const [id] = await submitAll(central, scheduled([1, 5], script));
  const end = await waitForEnd(central, id!, 20_000);
  assert.match(String(end.reason), /^[23] runs, 0 failed, [23] skipped$/);
});

test('a schedule is listed, and ends with its run when it is cancelled', async () => {
  const { central, ship1, counting, scheduled } = await setUp();
  const [id] = await submitAll(central, scheduled([2, 600], `${counting}; sleep 60`));
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

test('a program that does not exist is tried each time, and the schedule has failed then', async () => {
  const { central, scheduled } = await setUp();
  const [id] = await submitAll(central, scheduled([1, 2], '', { methodArgs: ['/no/such/program'] }));
  const end = await waitForEnd(central, id!);
  assert.deepEqual([end.state, end.reason], ['failed', '2 runs, 2 failed, 0 skipped']);
});

test('a node of the original gets no schedule to run once; what comes behind it is sent', async (t) => {
  const broker = await startBroker(t);
  const central = await startStewardNode({ name: 'central', broker }, t);
  const peer = await startReferencePeer({ node: 'ship1', broker }, t);
  const [known] = await submitAll(central, { ...scheduled(undefined, 'echo known') });
  await waitForState(central, known!, 'handed-over');
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

test('a schedule that makes no sense is refused with the reason', async () => {
  const { central } = await fleet();
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
