import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newMessage } from '../../src/message/message.ts';
import { startBroker } from '../support/broker.ts';
import { FAST_RECONNECT, submitAll } from '../support/fleet.ts';
import { startStewardNode } from '../support/node.ts';
import { startReferencePeer } from '../support/reference-peer.ts';
import { TRIED_ENCODINGS, TRIED_ROUNDS } from '../support/rolled.ts';
import { waitFor } from '../support/wait-for.ts';

const LINES = 'lines/central/all';
const place = { toNode: 'central', method: 'REQToFileAppend', directory: 'lines', fileName: 'all' };

for (const { name, serialization, compression } of TRIED_ENCODINGS)
  for (const receiver of ['this program', 'the original'] as const)
    test(`a node with a queue for ${receiver} that goes to the original and back sends each line once, ${name}`, async (t) => {
      const broker = await startBroker(t);
      const flags = { ...FAST_RECONNECT, ...(serialization === 'cbor' && { serialization }), compression };
      const methods = ['REQToFileAppend', 'REQErrorLog', 'REQHello'];
      const original = { broker, serialization, compression, methods };
      const central =
        receiver === 'this program'
          ? await startStewardNode({ name: 'central', broker, flags }, t)
          : await startReferencePeer({ ...original, node: 'central' }, t);
      const lines = async () => {
        if (!('messages' in central)) return (await central.file(LINES).catch(() => '')).split(/(?<=\n)/);
        return central.messages('REQToFileAppend').flatMap(({ data }) => String(Buffer.concat(data ?? [])));
      };
      const ship1 = await startStewardNode({ name: 'ship1', broker, flags }, t);
      let count = 0;
      for (let round = 0; round < TRIED_ROUNDS; round++) {
        const before = (await lines()).length;
        await submitAll(
          ship1,
          Array.from({ length: 200 }, () => ({ ...place, data: [`${++count}\n`] })),
        );
        await waitFor('some', async () => (await lines()).length > before);
        await ship1.stop();
        // What the original sends of its own goes on the subject on which the queue waits.
        const peer = await startReferencePeer({ ...original, node: 'ship1' }, t);
        for (let own = 0; own < 3; own++) {
          const data = [Buffer.from(`${++count}\n`)];
          const { attempts } = await peer.publish(newMessage({ ...place, fromNode: 'ship1', data }), {
            ackTimeoutMs: 60_000,
          });
          assert.equal(attempts, 1);
        }
        await peer[Symbol.asyncDispose]();
        await ship1.start();
        await waitFor('the end of the queue', () => ship1.query('SELECT 1 FROM outbox').length === 0);
      }
      await waitFor('all', async () => (await lines()).filter(Boolean).length >= count);
      const all = (await lines()).filter(Boolean).map(Number);
      const times = (n: number) => all.filter((one) => one === n).length;
      assert.deepEqual(
        Array.from({ length: count }, (_, at) => at + 1)
          .filter((n) => times(n) !== 1)
          .map((n) => `${n}: ${times(n)} times`),
        [],
      );
    });
