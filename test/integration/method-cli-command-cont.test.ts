import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorLog, sharedFleet, submitAll, waitForEnd, waitForState } from '../support/fleet.ts';
import { processesOf } from '../support/processes.ts';
import { waitFor } from '../support/wait-for.ts';

const fleet = sharedFleet();
let tests = 0;

/** The fleet of all tests, and a request of this one, whose output goes to a file of its own. */
async function setUp() {
  const { central, ship1 } = await fleet();
  tests += 1;
  const directory = `cont${tests}`;
  const request = {
    toNode: 'ship1',
    method: 'REQCliCommandCont',
    replyMethod: 'REQToFileAppend',
    directory,
    fileName: 'out.log',
    ACKTimeout: 1,
  };
  return { central, ship1, request, file: `${directory}/ship1/out.log` };
}

test('fault 15: lines arrive while the command runs, and its exit ends the request at once', async () => {
  const { central, ship1, request, file } = await setUp();
  const go = `${ship1.folder}/go`;
  const script = `echo one; echo two >&2; until [ -e ${go} ]; do sleep 0.05; done; seq 1 50000; printf end; exit 4`;
  const [id] = await submitAll(central, {
    ...request,
    methodArgs: ['bash', '-c', script],
    methodTimeout: 60,
  });
  await central.waitForFile(file, (text) => text === 'one\ntwo\n');
  await waitForState(central, id!, 'running');
  await submitAll(central, {
    ...request,
    method: 'REQCliCommand',
    methodArgs: ['touch', go],
    directory: 'go',
  });
  const row = await waitForEnd(central, id!);
  assert.deepEqual([row.state, row.exit_code], ['failed', 4]);
  const lines = Array.from({ length: 50_000 }, (_, i) => `${i + 1}\n`).join('');
  await central.waitForFile(file, (text) => text === `one\ntwo\n${lines}end`);
  assert.match(
    await central.waitForFile('errorLog/errorCentral/error.log'),
    /methodREQCliCommandCont: cmd.Run failed/,
  );
});

test('at methodTimeout the command ends, as the info of the reference tells', async () => {
  const { central, request, file } = await setUp();
  const methodArgs = ['bash', '-c', 'echo begun; sleep 301 & sleep 302'];
  const [id] = await submitAll(central, { ...request, methodArgs, methodTimeout: 1 });
  const row = await waitForEnd(central, id!);
  assert.equal(row.state, 'timed-out');
  assert.equal(await central.waitForFile(file), 'begun\n');
  await waitFor('the info', async () => {
    const text = await errorLog(central);
    return text.includes(
      'node: ship1, info: methodREQCliCommandCont: method timeout reached, canceling: methodArgs: [bash',
    );
  });
  assert.deepEqual(await processesOf(id!), []);
});

test('faults 6 and 15: a node that is killed while a command runs reports it as interrupted, and leaves nothing running', async () => {
  const { central, ship1, request, file } = await setUp();
  const methodArgs = ['bash', '-c', 'echo begun; sleep 303 & setsid sleep 304 & sleep 305'];
  const [id] = await submitAll(central, { ...request, methodArgs, methodTimeout: -1 });
  await central.waitForFile(file, (text) => text === 'begun\n');
  assert.equal((await processesOf(id!)).length, 4);
  await ship1.restart();
  const row = await waitForEnd(central, id!, 30_000);
  assert.equal(row.state, 'interrupted');
  assert.deepEqual(await processesOf(id!), []);
  assert.equal(await central.file(file), 'begun\n');
});

test('a node that is stopped ends the command and reports it', async () => {
  const { central, ship1, request, file } = await setUp();
  const methodArgs = ['bash', '-c', 'echo begun; printf part; sleep 306'];
  const [id] = await submitAll(central, { ...request, methodArgs, methodTimeout: -1 });
  await central.waitForFile(file, (text) => text === 'begun\n');
  await ship1.stop();
  assert.deepEqual(await processesOf(id!), []);
  await ship1.start();
  assert.equal((await waitForEnd(central, id!, 30_000)).state, 'interrupted');
  await central.waitForFile(file, (text) => text === 'begun\npart');
});
