import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Broker, startBroker } from '../support/broker.ts';
import { startStewardNode } from '../support/node.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

const append = (text: string) => ({
  toNode: 'central',
  method: 'REQToFileAppend',
  directory: 'start',
  fileName: 'order.log',
  data: [`${text}\n`],
});

test('the files of the startup folder are sent in order at each start, bad ones reported', async (t) => {
  const { node, startup } = await nodeWithStartup(t, {
    'b.json': JSON.stringify([append('b')]),
    'a.yaml':
      '- toNode: central\n  method: REQToFileAppend\n  directory: start\n  fileName: order.log\n  data: ["a\\n"]\n',
    'bad.json': '[{"toNode": ',
    'c.yml': JSON.stringify([append('c'), { toNode: 'x..y', method: 'REQPing' }]),
    'notes.txt': 'not looked at',
    '.hidden.json': JSON.stringify([append('hidden')]),
  });
  const log = 'start/central/order.log';
  assert.equal(await node.waitForFile(log, (text) => text.length >= 6), 'a\nb\nc\n');
  const errors = await node.waitForFile('errorLog/errorCentral/error.log', (text) => /c\.yml/.test(text));
  assert.match(errors, /error: startup folder: bad\.json: line 1/);
  assert.match(errors, /error: startup folder: c\.yml: message 1: toNode "x\.\.y"/);
  assert.doesNotMatch(errors, /notes|hidden/);
  await node.restart();
  assert.equal(await node.waitForFile(log, (text) => text.length >= 12), 'a\nb\nc\na\nb\nc\n');
  assert.equal((await readdir(startup)).length, 6);
});

test('startup messages wait until the node takes requests', async (t) => {
  const broker = await startBroker(t);
  await broker.kill();
  const { node } = await nodeWithStartup(t, { 'a.json': JSON.stringify(append('a')) }, broker);
  assert.deepEqual(node.ledger(), []);
  await broker.restart();
  await node.waitForFile('start/central/order.log', undefined, 30_000);
});

test('messages are added, listed and removed by other nodes, and bad ones are refused', async (t) => {
  const { startup, broker } = await nodeWithStartup(t, {});
  const ship = await startStewardNode({ name: 'ship1', broker }, t);
  const ask = async (method: string, methodArgs: string[], data: string[] = []) => {
    const to = { toNode: 'central', method, methodArgs, data };
    const answer = await ship.submit([
      { ...to, replyMethod: 'REQToFile', directory: 'r', fileName: `${method}.log` },
    ]);
    const [accepted] = answer.accepted as { id: string }[];
    return waitFor(`${method} to end`, () => {
      const [row] = ship.query('SELECT state, reason FROM ledger WHERE id = ?', accepted!.id);
      return row?.state !== undefined && /succeeded|failed|rejected/.test(String(row.state)) && row;
    });
  };
  const reply = (method: string, words: RegExp) =>
    ship.waitForFile(`r/central/${method}.log`, (text) => words.test(text));

  const content = JSON.stringify([append('added')]);
  assert.equal((await ask('REQStartupAdd', ['add.json'], [content])).state, 'succeeded');
  assert.equal(await readFile(join(startup, 'add.json'), 'utf8'), content);
  assert.equal((await stat(join(startup, 'add.json'))).mode & 0o777, 0o600);
  await ask('REQStartupList', []);
  await reply('REQStartupList', new RegExp(`^add\\.json, bytes: ${content.length}, modified: 20`));

  const bad = await ask('REQStartupAdd', ['add.json'], ['[{"toNode": "ship9", "method": "REQPnig"}]']);
  assert.equal(bad.state, 'failed');
  assert.match(String(bad.reason), /message 0: method "REQPnig" .*REQPing/);
  assert.equal((await ask('REQStartupAdd', ['empty.json'])).state, 'failed');
  for (const name of ['../x.json', 'x.txt', '.x.json', '']) {
    assert.match(String((await ask('REQStartupAdd', [name], [content])).state), /rejected|failed/, name);
  }
  assert.deepEqual(await readdir(startup), ['add.json']);
  assert.equal(await readFile(join(startup, 'add.json'), 'utf8'), content);

  assert.equal((await ask('REQStartupRemove', ['add.json'])).state, 'succeeded');
  assert.deepEqual(await readdir(startup), []);
  assert.match(String((await ask('REQStartupRemove', ['add.json'])).reason), /no file add\.json/);
  await ask('REQStartupList', []);
  await reply('REQStartupList', /there are no files/);
});

test('a node without a startup folder says so', async (t) => {
  const broker = await startBroker(t);
  const node = await startStewardNode({ name: 'central', broker }, t);
  await node.submit([
    { toNode: 'central', method: 'REQStartupList', replyMethod: 'REQToFile', directory: 'r', fileName: 'f' },
  ]);
  assert.match(await node.waitForFile('r/central/f'), /no startup folder.*-startupFolder/);
});

async function nodeWithStartup(t: TestContext, files: Record<string, string>, given?: Broker) {
  const broker = given ?? (await startBroker(t));
  const { path: folder } = await tempFolder(t);
  const startup = join(folder, 'startup');
  await mkdir(startup);
  for (const [name, text] of Object.entries(files)) await writeFile(join(startup, name), text);
  const flags = { startupFolder: startup, natsConnectRetryInterval: 1 };
  const node = await startStewardNode({ name: 'central', broker, folder, flags }, t);
  return { node, startup, broker };
}
