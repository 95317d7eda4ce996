import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { boltFile } from '../../test/support/bolt-file.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { readOriginalQueue } from './original-queue.ts';

const BUCKET = 'samValueBucket';

function item(id: number, more: object = {}): [string, string] {
  const Message = { toNode: `ship${id}`, method: 'REQCliCommand', ...more };
  return [String(id), JSON.stringify({ ID: id, SAM: { Subject: {}, Message } })];
}

for (const [what, count, data] of [
  ['of a few messages, within one page', 2, 'x'],
  ['of many messages, below a branch', 300, 'x'],
  ['of messages that need several pages each', 3, 'x'.repeat(20_000)],
] as const)
  test(`a queue of the original ${what}, is read in the order in which it was filled`, async (t) => {
    const { path } = await tempFolder(t);
    const items = Array.from({ length: count }, (_, id) => item(id, { data: [data] }));
    await writeFile(join(path, 'incomingBuffer.db'), boltFile(BUCKET, items));
    const { messages, fault } = (await readOriginalQueue(path))!;
    assert.equal(fault, undefined);
    assert.deepEqual(
      messages.map((message) => (message as { toNode: string }).toNode),
      items.map((_, id) => `ship${id}`),
    );
    assert.deepEqual((messages.at(-1) as { data: unknown }).data, [data]);
  });

test('an empty queue has no messages, and where there is none there is nothing to tell', async (t) => {
  const { path } = await tempFolder(t);
  assert.equal(await readOriginalQueue(path), undefined);
  await writeFile(join(path, 'incomingBuffer.db'), boltFile('indexValueBucket', [['index', '7']]));
  assert.deepEqual((await readOriginalQueue(path))!.messages, []);
});

test('what is no such database, or a damaged one, is said to be so', async (t) => {
  const { path } = await tempFolder(t);
  const faultOf = async (bytes: Buffer) => {
    await writeFile(join(path, 'incomingBuffer.db'), bytes);
    return (await readOriginalQueue(path))?.fault;
  };
  assert.match((await faultOf(Buffer.from('hello')))!, /no bbolt database/);
  const whole = boltFile(
    BUCKET,
    Array.from({ length: 300 }, (_, id) => item(id)),
  );
  assert.match((await faultOf(whole.subarray(0, 5 * 4096)))!, /damaged/);
  // A branch that leads back to itself.
  const loop = Buffer.from(whole);
  loop.writeBigUInt64LE(4n, 4 * 4096 + 16 + 8);
  assert.match((await faultOf(loop))!, /damaged/);
  // The older head serves where the newer is torn.
  const torn = Buffer.from(whole);
  torn.writeUInt32LE(0, 4096 + 16);
  assert.equal(await faultOf(torn), undefined);
  await mkdir(join(path, 'folder/incomingBuffer.db'), { recursive: true });
  assert.match((await readOriginalQueue(join(path, 'folder')))!.fault!, /it is a folder/);
});
