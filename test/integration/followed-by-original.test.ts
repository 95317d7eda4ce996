import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { FAST_RECONNECT, submitAll, waitForEnd } from '../support/fleet.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { startReferencePeer } from '../support/reference-peer.ts';

/** What exec sends. */
function followed(script: string, more: object = {}): object {
  const command = { method: 'REQCliCommand', methodArgs: ['sh', '-c', script] };
  return { toNode: 'ship1', ...command, replyMethod: 'REQNone', output: 'live', methodTimeout: 5, ...more };
}

function printed(node: StewardNode, id: string): string {
  const rows = node.query('SELECT data FROM outputs WHERE id = ? AND stream = 1 ORDER BY offset', id);
  return Buffer.concat(rows.map(({ data }) => data as Uint8Array)).toString();
}

for (const serialization of ['gob', 'cbor'] as const)
  test(`what a command prints on an original node comes as its reply, ${serialization}`, async (t) => {
    const broker = await startBroker(t);
    const flags = { ...FAST_RECONNECT, serialization };
    const central = await startStewardNode({ name: 'central', broker, flags }, t);
    const peer = await startReferencePeer({ node: 'ship1', broker, serialization }, t);
    const ids = await submitAll(central, [followed('echo one'), followed('echo two; exit 3')]);
    const rows = await Promise.all(ids.map((id) => waitForEnd(central, id)));
    assert.deepEqual(
      rows.map(({ state, exit_code }) => [state, exit_code]),
      [
        ['handed-over', null],
        ['handed-over', null],
      ],
    );
    assert.match(String(rows[0]!.reason), /original program, which tells no exit code/);
    assert.deepEqual(
      ids.map((id) => printed(central, id)),
      ['one\n', 'two\n'],
    );
    const data = { data: ['text'], methodArgs: ['cat', '{{STEWARD_DATA_FILE}}'] };
    const [stdin] = await submitAll(central, followed('', data));
    const refused = await waitForEnd(central, stdin!);
    assert.deepEqual(refused.state, 'rejected');
    assert.match(String(refused.reason), /reads a standard input or a script, .* the original program/);
    assert.deepEqual(peer.commands.length, 2);
    assert.deepEqual(peer.faults, []);
  });
