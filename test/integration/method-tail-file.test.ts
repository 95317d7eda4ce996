import assert from 'node:assert/strict';
import { appendFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { sharedFleet, submitAll, waitForEnd, waitForState } from '../support/fleet.ts';
import { waitFor } from '../support/wait-for.ts';

const request = {
  toNode: 'ship1',
  method: 'REQTailFile',
  replyMethod: 'REQToFileAppend',
  directory: 'tail',
  fileName: 'out.log',
  ACKTimeout: 1,
};
const FILE = 'tail/ship1/out.log';

const fleet = sharedFleet();

test('fault 18: a file is followed through rotation and truncation, and ends at methodTimeout', async () => {
  const { central, ship1 } = await fleet();
  const path = join(ship1.folder, 'app.log');
  await writeFile(path, 'old\n');
  const [id] = await submitAll(central, { ...request, methodArgs: ['app.log'], methodTimeout: 6 });
  await waitForState(central, id!, 'running');
  await appendFile(path, 'one\n');
  await central.waitForFile(FILE, (text) => text === 'one\n');
  await rename(path, `${path}.1`);
  await writeFile(path, 'two\n');
  await central.waitForFile(FILE, (text) => text === 'one\ntwo\n');
  await writeFile(path, '');
  await appendFile(path, '3\n');
  await central.waitForFile(FILE, (text) => text === 'one\ntwo\n3\n');
  const row = await waitForEnd(central, id!);
  assert.equal(row.state, 'succeeded');
});

test('many files are followed at once, each into its own file', async () => {
  const { central, ship1 } = await fleet();
  const names = Array.from({ length: 40 }, (_, i) => `log-${i}`);
  await Promise.all(names.map((name) => writeFile(join(ship1.folder, name), '')));
  const ids = await submitAll(
    central,
    names.map((name) => ({ ...request, methodArgs: [name], fileName: name, methodTimeout: -1 })),
  );
  await Promise.all(ids.map((id) => waitForState(central, id, 'running')));
  await Promise.all(names.map((name) => appendFile(join(ship1.folder, name), `in ${name}\n`)));
  await Promise.all(
    names.map((name) => central.waitForFile(`tail/ship1/${name}`, (text) => text === `in ${name}\n`)),
  );
  await ship1.stop();
  await ship1.start();
  const rows = await Promise.all(ids.map((id) => waitForEnd(central, id, 30_000)));
  assert.deepEqual([...new Set(rows.map(({ state }) => state))], ['interrupted']);
});

test('fault 6: a node that is killed while it follows a file reports that as interrupted, and no line comes twice', async () => {
  const { central, ship1 } = await fleet();
  const path = join(ship1.folder, 'busy.log');
  await writeFile(path, '');
  const [id] = await submitAll(central, {
    ...{ ...request, fileName: 'killed.log' },
    ...{ methodArgs: [path], methodTimeout: -1 },
  });
  await waitForState(central, id!, 'running');
  const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`);
  for (let i = 0; i < lines.length; i += 100) await appendFile(path, lines.slice(i, i + 100).join(''));
  await central.waitForFile('tail/ship1/killed.log');
  await ship1.restart();
  assert.equal((await waitForEnd(central, id!, 30_000)).state, 'interrupted');
  await appendFile(path, 'nobody follows\n');
  const open = 'SELECT count(*) AS count FROM outbox';
  await waitFor('all replies to be delivered', () => ship1.query(open)[0]!.count === 0);
  const text = await central.file('tail/ship1/killed.log');
  assert.equal(text, lines.join('').slice(0, text.length));
});

test('fault 20: what can not be followed is a clear error, and the node goes on', async () => {
  const { central, ship1 } = await fleet();
  await mkdir(join(ship1.folder, 'dir'));
  const [id] = await submitAll(central, { ...request, methodArgs: ['dir'] });
  const row = await waitForEnd(central, id!);
  assert.equal(row.state, 'failed');
  assert.match(String(row.reason), /dir is a folder: only a file can be followed/);
  const isTold = (text: string) => /methodREQTailFile: .* is a folder/.test(text);
  await central.waitForFile('errorLog/errorCentral/error.log', isTold);
  assert.equal(ship1.program.exit, undefined);
});
