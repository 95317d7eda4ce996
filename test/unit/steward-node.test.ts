import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startStewardNode } from '../support/node.ts';

const fakeNode = join(import.meta.dirname, '../support/fake-node.ts');
const programBefore = process.env.STEWARD_TEST_PROGRAM;
before(() => {
  process.env.STEWARD_TEST_PROGRAM = `${process.execPath} --disable-warning=ExperimentalWarning ${fakeNode}`;
});
after(() => {
  if (programBefore === undefined) delete process.env.STEWARD_TEST_PROGRAM;
  else process.env.STEWARD_TEST_PROGRAM = programBefore;
});

test('a node gets its folders, flags and config, and is ready when it says that it has started', async (t) => {
  const node = await startStewardNode(
    { name: 'ship1', broker: { url: 'nats://127.0.0.1:4222' }, flags: { startSubREQRelay: true } },
    t,
  );
  assert.deepEqual(JSON.parse(await node.file('out/flags.json')), {
    nodeName: 'ship1',
    centralNodeName: 'central',
    brokerAddress: '127.0.0.1:4222',
    socketFolder: join(node.folder, 'tmp'),
    databaseFolder: join(node.folder, 'var/lib'),
    subscribersDataFolder: join(node.folder, 'data'),
    startSubREQRelay: 'true',
    folder: join(node.folder, 'etc'),
  });
  assert.deepEqual(node.logLines(), [{ level: 30, msg: 'started' }]);
});

test('submissions are sent as JSON or as the text they are, and a missing answer is an error', async (t) => {
  const node = await startStewardNode({ name: 'ship1', broker: '127.0.0.1:4222' }, t);
  assert.deepEqual(await node.submit([{ toNode: 'ship2' }]), { got: '[{"toNode":"ship2"}]' });
  assert.deepEqual(await node.submit('not { json'), { got: 'not { json' });
  await assert.rejects(node.submit('silence'), /closed without an answer/);
});

test('its ledger, audit log and memory can be read from outside', async (t) => {
  const node = await startStewardNode({ name: 'ship1', broker: '127.0.0.1:4222' }, t);
  assert.deepEqual(
    node.ledger().map((row) => ({ ...row })),
    [{ id: 'one', state: 'queued' }],
  );
  assert.deepEqual(await node.audit(), [{ event: 'accepted' }, { event: 'succeeded' }]);
  assert.ok((await node.rssBytes()) > 10_000_000);
  assert.ok((await node.peakRssBytes()) >= (await node.rssBytes()) / 2);
});

test('kill is a SIGKILL, restart keeps the folders, stop is a clean end', async (t) => {
  const node = await startStewardNode({ name: 'ship1', broker: '127.0.0.1:4222' }, t);
  assert.deepEqual(await node.kill(), { code: null, signal: 'SIGKILL' });
  await node.restart();
  assert.equal(node.ledger().length, 2);
  assert.deepEqual(await node.stop(), { code: 0, signal: null });
});

test('a node that refuses to start fails the start with its exit code and output', async () => {
  const start = startStewardNode({ name: 'ship1', broker: '127.0.0.1:4222', flags: { fake: 'refuse' } });
  await assert.rejects(start, /node ship1 ended with exit code 3\n[\s\S]*the name is taken/);
});

test('a node can be started without waiting, and leaves neither process nor folder behind', async () => {
  const node = await startStewardNode({
    name: 'ship1',
    broker: '127.0.0.1:4222',
    flags: { fake: 'refuse' },
    waitUntilReady: false,
  });
  assert.deepEqual(await node.program.exited, { code: 3, signal: null });
  await node[Symbol.asyncDispose]();
  assert.equal(existsSync(node.folder), false);
});
