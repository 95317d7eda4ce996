import assert from 'node:assert/strict';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { submitAll, waitForEnd } from '../support/fleet.ts';
import { startReferencePeer } from '../support/reference-peer.ts';
import { relayed, startRelayFleet } from '../support/relay-fleet.ts';

function copy(source: string, target: string, more: object = {}): object {
  const place = { directory: 'copy', fileName: 'copy.log' };
  return relayed('', { method: 'REQCopyFileFrom', methodArgs: [source, 'ship2', target], ...place, ...more });
}

test('a relayed copy brings the file of the node that asks for it, and both nodes on the way hear of it', async (t) => {
  const { ship1, central, ship2 } = await startRelayFleet(t);
  await writeFile(join(ship1.folder, 'source'), 'of ship1\n', { mode: 0o750 });
  await writeFile(join(ship2.folder, 'source'), 'of ship2\n');
  await mkdir(join(ship2.folder, 'in'));
  const [id] = await submitAll(ship1, copy('source', 'in/target'));
  assert.equal((await waitForEnd(ship1, id!)).state, 'succeeded');
  const target = join(ship2.folder, 'in/target');
  assert.equal(await readFile(target, 'utf8'), 'of ship1\n');
  assert.equal((await stat(target)).mode & 0o777, 0o750);
  for (const node of [central, ship1])
    await node.waitForFile('copy/ship2/copy.log', (text) =>
      /succesfully created and wrote the file/.test(text),
    );
  // What is read quickly does not overtake what takes longer.
  await writeFile(join(ship1.folder, 'large'), 'x'.repeat(2_000_000));
  const both = await submitAll(ship1, [copy('large', 'in/target'), copy('source', 'in/target')]);
  for (const one of both) assert.equal((await waitForEnd(ship1, one)).state, 'succeeded');
  assert.equal(await readFile(target, 'utf8'), 'of ship1\n');
  const [missing] = await submitAll(ship1, copy('no-such-file', 'in/target'));
  const { state, reason } = await waitForEnd(ship1, missing!);
  assert.deepEqual([state, /failed to open file: .*no-such-file/.test(String(reason))], ['failed', true]);
});

test('an original node at the end of a relay gets the file as the original sends it', async (t) => {
  const { broker, ship1 } = await startRelayFleet(t, { nodes: ['ship1', 'central'] });
  const ship2 = await startReferencePeer({ node: 'ship2', broker, methods: ['REQCopyFileTo'] }, t);
  await writeFile(join(ship1.folder, 'source'), 'content\n');
  await submitAll(ship1, copy('source', '/tmp/target', { replyMethod: 'REQNone', relayReplyMethod: '' }));
  const { message } = await ship2.waitFor('the file', ({ message }) => message.method === 'REQCopyFileTo');
  assert.deepEqual(message.methodArgs!.slice(0, 3), ['source', 'ship2', '/tmp/target']);
  assert.equal(Buffer.concat(message.data!).toString(), 'content\n');
  assert.deepEqual([message.fromNode, ship2.faults], ['central', []]);
});
