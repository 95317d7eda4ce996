import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Message, newMessage } from '../../src/message/message.ts';
import { startFleet, submitAll, waitForEnd } from '../support/fleet.ts';
import { freePort } from '../support/free-port.ts';
import { startActingReference } from '../support/reference-acts.ts';
import { shared } from '../support/shared.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

/** central and ship1 run this program, old the original. */
const scene = shared(async (scope) => {
  const promHostAndPort = `127.0.0.1:${await freePort()}`;
  const fleet = await startFleet(scope, { shipFlags: { promHostAndPort, followLinks: true } });
  const { path: folder } = await tempFolder(scope);
  const old = await startActingReference({ node: 'old', broker: fleet.broker, folder }, scope);
  await waitFor('requests to be taken', () =>
    fleet.ship1.logLines().some(({ msg }) => msg === 'taking requests'),
  );
  const ask = (fields: Partial<Message>) =>
    old.publish(
      newMessage({
        ...{ toNode: 'ship1', fromNode: 'old', directory: 'd', ackTimeout: 60, methodTimeout: 10 },
        ...fields,
      }),
    );
  return { ...fleet, folder, old, ask };
});

const text = (message: Message) => Buffer.concat(message.data ?? []).toString();

test('what confirms a copy to an original node comes to who asked, not to the node of the file', async () => {
  const { central, ship1, folder } = await scene();
  await writeFile(join(ship1.folder, 'source'), 'content\n');
  const place = { directory: 'copy', fileName: 'copy.log', replyMethod: 'REQToFileAppend' };
  const methodArgs = [join(ship1.folder, 'source'), 'old', join(folder, 'copied')];
  await submitAll(central, { toNode: 'ship1', method: 'REQCopyFileFrom', methodArgs, ...place });
  await central.waitForFile('copy/ship1/copy.log', (log) => /succesfully read the file/.test(log));
  const bytes = [...Buffer.from(join(folder, 'copied'))].join(' ');
  const confirmation = await central.waitForFile(join(folder.slice(1), 'old/copied'));
  assert.equal(confirmation, `info: succesfully created and wrote the file [${bytes}]\n`);
  assert.equal(await readFile(join(folder, 'copied'), 'utf8'), 'content\n');
  await assert.rejects(stat(join(ship1.dataFolder, folder.slice(1))), { code: 'ENOENT' });
});

test('what confirms a copy from an original node comes to who asked, too', async () => {
  const { central, ship1, folder, old } = await scene();
  await writeFile(join(folder, 'theirs'), 'theirs\n');
  const target = join(ship1.folder, 'in/theirs');
  const place = { directory: 'from', fileName: 'from.log' };
  const methodArgs = [join(folder, 'theirs'), 'ship1', target];
  await submitAll(central, { toNode: 'old', method: 'REQCopyFileFrom', methodArgs, ...place });
  await central.waitForFile('from/old/from.log', (log) => /succesfully read the file/.test(log));
  const bytes = [...Buffer.from(target)].join(' ');
  assert.equal(
    await central.waitForFile(join(ship1.folder.slice(1), 'in/ship1/theirs')),
    `info: succesfully created and wrote the file [${bytes}]\n`,
  );
  assert.equal((await stat(target)).mode & 0o777, 0o755);
  assert.deepEqual(old.faults, []);
});

test('a script that an original node sends can be run at once, and what is there keeps its mode', async () => {
  const { ship1, ask, old } = await scene();
  const script = {
    method: 'REQToFile',
    fileName: 'script',
    data: [Buffer.from('#!/bin/sh\necho ran "$1"\n')],
  };
  await ask(script);
  const path = join(ship1.dataFolder, 'd/ship1/script');
  await ask({ method: 'REQCliCommand', methodArgs: [path, 'it'], fileName: 'ran' });
  const { message } = await old.waitFor('the output', ({ message }) => message.fileName === 'ran');
  assert.equal(text(message), 'ran it\n');
  for (const method of ['REQToFileAppend', 'REQPing'])
    await ask({ method, fileName: method, data: [Buffer.from('x\n')], replyMethod: 'REQNone' });
  for (const name of ['script', 'REQToFileAppend', 'REQPing']) {
    const file = join(ship1.dataFolder, 'd/ship1', name);
    await waitFor(name, () => stat(file).then(({ mode }) => (mode & 0o777) === 0o755));
  }
});

test('REQToConsole prints a newline behind each message of an original node', async () => {
  const { ship1, ask } = await scene();
  for (const line of ['first', 'second'])
    await ask({ method: 'REQToConsole', data: [Buffer.from(`${line} `), Buffer.from('part')] });
  await waitFor('both', () => ship1.program.stdout.includes('first part\nsecond part\n'));
});

test('a link that leads out of the data folder is followed where that is set, and refused elsewhere', async () => {
  const { central, ship1, ask } = await scene();
  for (const node of [ship1, central]) {
    const outside = join(node.folder, 'outside');
    await mkdir(outside);
    await symlink(outside, join(node.dataFolder, 'linked'));
    const fields = { method: 'REQToFileAppend', directory: 'linked', data: [Buffer.from('x\n')] };
    await ask({ ...fields, toNode: node.name, fileName: 'followed' });
  }
  assert.equal(await readFile(join(ship1.folder, 'outside/ship1/followed'), 'utf8'), 'x\n');
  await assert.rejects(stat(join(central.folder, 'outside/central')), { code: 'ENOENT' });
  await central.waitForFile('errorLog/errorCentral/error.log', (log) =>
    /from old was rejected: .*linked/.test(log),
  );
});

test('metrics name processes as the original does, with their kind behind the subject', async () => {
  const { ship1 } = await scene();
  const metrics = await ship1.metrics();
  for (const name of ['REQCliCommand.CommandACK', 'REQToFileAppend.EventACK'])
    assert.ok(
      metrics.includes(`steward_processes_all_running{processName="ship1.${name}_subscriber"} 1`),
      metrics.match(/.*processes_all_running.*/g)?.join('\n'),
    );
});

test('a tail that an original node asks for ends at methodTimeout, which errorCentral hears of', async () => {
  const { central, ship1, ask } = await scene();
  const path = join(ship1.folder, 'followed');
  await writeFile(path, '');
  await ask({ method: 'REQTailFile', methodArgs: [path], methodTimeout: 1, fileName: 'tail' });
  await central.waitForFile('errorLog/errorCentral/error.log', (log) =>
    log.includes(`node: ship1, info: methodREQTailFile: method timeout reached, methodArgs: [${path}]`),
  );
});

test('a large REQToFile to an original node goes compressed, and one that stays too large is refused with its size', async () => {
  const { central, old } = await scene();
  const append = (data: string, fileName: string) =>
    submitAll(central, { toNode: 'old', method: 'REQToFile', data: [data], directory: 'd', fileName });
  const [whole] = await append('x'.repeat(3_000_000), 'large');
  assert.equal((await waitForEnd(central, whole!)).state, 'succeeded');
  const got = await old.waitFor('it', ({ message }) => message.fileName === 'large');
  assert.deepEqual([got.headers.cmp, text(got.message).length], ['z', 3_000_000]);
  const [refused] = await append(randomBytes(1_500_000).toString('base64'), 'noise');
  const { state, reason } = await waitForEnd(central, refused!);
  assert.equal(state, 'rejected');
  assert.match(String(reason), /more than the broker takes at once .* old does not put parts together/);
  assert.deepEqual(old.faults, [], 'nothing came that it cannot read');
});
