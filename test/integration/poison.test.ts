import assert from 'node:assert/strict';
import { test } from 'node:test';
import { v7 as uuidV7 } from 'uuid';
import { encodeMessage } from '../../src/message/codec/encode-message.ts';
import { newMessage } from '../../src/message/message.ts';
import { startBroker } from '../support/broker.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { smallMemory } from '../support/small-memory.ts';
import { waitFor } from '../support/wait-for.ts';
import { startWireClient, type Wire } from '../support/wire-client.ts';

const MB = 1024 * 1024;
const SUBJECT = 'ship1.REQToFile.EventACK';
const PACKED = { serial: 'cbor', cmp: 'z' };

function messageOf(text: string | Buffer, compression: '' | 'z'): Uint8Array {
  const fields = { toNode: 'ship1', fromNode: 'tester', method: 'REQToFile', directory: 'd', fileName: 'f' };
  const message = newMessage({ ...fields, data: [Buffer.from(text)] });
  return encodeMessage(message, { serialization: 'cbor', compression }).payload;
}

async function startAgain(ship: StewardNode): Promise<void> {
  await waitFor('the node to be killed', () => ship.program.exit !== undefined);
  assert.equal(ship.program.exit?.signal, 'SIGKILL');
  await ship.start();
}

test('a message in which a node is killed twice for want of memory is set aside, and its lane goes on', async (t) => {
  const broker = await startBroker(t);
  const ship = await startStewardNode({ name: 'ship1', broker, env: smallMemory(2 * MB) }, t);
  const client = await startWireClient(broker, t);
  const reason = ({ headers }: Wire) => headers['Steward-Reason'] ?? '';

  await t.test('a small one that becomes large', async () => {
    const payload = messageOf(Buffer.alloc(3 * MB), 'z');
    assert.ok(payload.length < 2000);
    const poison = { subject: SUBJECT, payload, id: uuidV7(), lane: 'packed/1/1', headers: PACKED };
    for (let death = 0; death < 2; death++) {
      client.send(poison);
      await startAgain(ship);
    }
    const answer = await client.ask(poison);
    assert.equal(answer.headers['Steward-Status'], 'rejected');
    assert.match(
      reason(answer),
      /^set aside: this node ended 2 times while it had this message of 1 kB in hand/,
    );
    const next = { subject: SUBJECT, payload: messageOf('next', 'z'), lane: 'packed/2/2', headers: PACKED };
    assert.equal((await client.ask(next)).headers['Steward-Status'], 'accepted');
  });

  await t.test('one in parts, when they are put together', async () => {
    const whole = messageOf('x'.repeat(3 * MB), '');
    const id = uuidV7();
    const partOf = (part: number) => {
      const payload = whole.subarray((part - 1) * 900_000, part * 900_000);
      const headers = { serial: 'cbor', 'Steward-Part': `${part}/4` };
      return { subject: SUBJECT, payload, id, lane: 'parts/1/1', headers };
    };
    for (let death = 0; death < 2; death++) {
      for (let part = 1; part < 4; part++) await client.ask(partOf(part));
      client.send(partOf(4));
      await startAgain(ship);
    }
    assert.match(reason(await client.ask(partOf(1))), /^set aside: this node ended 2 times/);
  });
});
