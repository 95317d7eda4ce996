import assert from 'node:assert/strict';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { freePort } from '../support/free-port.ts';
import { startStewardNode } from '../support/node.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

const append = (text: string) => ({
  toNode: 'central',
  method: 'REQToFileAppend',
  directory: 'read',
  fileName: 'f.log',
  data: [`${text}\n`],
});

test('a file that is dropped is sent, and one with a bad message says which were sent', async (t) => {
  const { node, drop, list, folder } = await start(t);
  await drop('one.json', JSON.stringify([append('one')]));
  await node.waitForFile('read/central/f.log', (text) => text === 'one\n');
  await waitFor('one.json in sent/', async () => (await list('sent')).includes('one.json'));
  await drop('two.json', JSON.stringify([append('two'), { ...append('bad'), toNode: 'a b' }]));
  await node.waitForFile('read/central/f.log', (text) => text === 'one\ntwo\n');
  await waitFor('two.json in refused/', async () => (await list('refused')).includes('two.json'));
  const reason = await readFile(join(folder, 'refused/two.json.reason.txt'), 'utf8');
  assert.match(reason, /^refused: message 1: toNode "a b".*\nsent: message 0 to central: [0-9a-f-]{36}\n$/);
  await node.waitForFile('errorLog/errorCentral/error.log', (text) => /read folder: two\.json/.test(text));
});

test('a node that is killed again and again while files are sent sends each message once', async (t) => {
  const { node, drop, list } = await start(t);
  const [kills, perKill, perFile] = [4, 2, 1000];
  const files = kills * perKill;
  for (let file = 0; file < files; file++) {
    const messages = Array.from({ length: perFile }, (_, at) => append(`${file}.${at}`));
    await drop(`f${file}.json`, JSON.stringify(messages));
    if ((file + 1) % perKill > 0) continue;
    // It is on its way, or has been, so that the node is killed before, in or after it: whichever this machine gives.
    await waitFor(
      'the file to be taken',
      async () => {
        return [...(await list('sending')), ...(await list('sent'))].some((name) =>
          name.startsWith(`f${file}.`),
        );
      },
      { timeoutMs: 60_000 },
    );
    await node.restart();
  }
  await waitFor('all files in sent/', async () => (await list('sent')).length === files * 2, {
    timeoutMs: 60_000,
  });
  const text = await node.waitForFile(
    'read/central/f.log',
    (found) => found.split('\n').length > files * perFile,
    60_000,
  );
  const lines = text.trimEnd().split('\n');
  assert.equal(lines.length, files * perFile);
  assert.equal(new Set(lines).size, files * perFile);
});

test('the data folder is shown, and profiles are given, where that is asked for', async (t) => {
  const [data, profiling] = [await freePort(), await freePort()];
  const { node, drop } = await start(t, {
    exposeDataFolder: `127.0.0.1:${data}`,
    profilingPort: profiling,
    setBlockProfileRate: 1,
  });
  await drop('one.json', JSON.stringify(append('one')));
  await node.waitForFile('read/central/f.log');
  const file = await fetch(`http://127.0.0.1:${data}/read/central/f.log`);
  assert.equal(await file.text(), 'one\n');
  assert.match(await (await fetch(`http://127.0.0.1:${data}/`)).text(), /read\//);
  const loop = await fetch(`http://127.0.0.1:${profiling}/loop`);
  assert.equal(typeof ((await loop.json()) as { utilization: number }).utilization, 'number');
});

async function start(t: TestContext, flags: Record<string, string | number> = {}) {
  const broker = await startBroker(t);
  const { path } = await tempFolder(t);
  const folder = join(path, 'in');
  const options = { name: 'central', broker, flags: { readFolder: folder, ...flags } };
  const node = await startStewardNode(options, t);
  const drop = async (name: string, text: string) => {
    await writeFile(join(path, name), text);
    await rename(join(path, name), join(folder, name));
  };
  const list = async (part: string) => (await readdir(join(folder, part))).sort();
  return { node, folder, drop, list };
}
