import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startFleet, submitAll, waitForEnd } from '../support/fleet.ts';
import { waitFor } from '../support/wait-for.ts';

const SIZE = 5 * 1024 * 1024;

for (const [limit, brokerConfig] of [
  ['1 MB', ''],
  ['64 KB', 'max_payload: 64KB'],
] as const) {
  for (const replyMethod of ['REQToFileAppend', 'REQToFile']) {
    test(`faults 2, 11: 5 MB of output, text or random bytes, arrive whole by ${replyMethod} through a broker that takes ${limit}`, async (t) => {
      const { central, ship1 } = await startFleet(t, { brokerConfig });
      const random = randomBytes(SIZE);
      const text = Buffer.from('All the words of a long report, ümlauts and all.\n'.repeat(110_000)).subarray(
        0,
        SIZE,
      );
      for (const [name, content] of Object.entries({ random, text })) {
        const path = join(ship1.folder, name);
        await writeFile(path, content);
        const [id] = await submitAll(central, {
          toNode: 'ship1',
          method: 'REQCliCommand',
          methodArgs: ['cat', path],
          replyMethod,
          directory: 'output',
          fileName: name,
          ACKTimeout: 2,
        });
        const row = await waitForEnd(central, id!, 20_000);
        assert.equal(row.state, 'succeeded');
        assert.equal(row.output_bytes, SIZE);
        const got = await waitFor(
          `${name} to be whole`,
          async () => {
            const bytes = await readFile(join(central.dataFolder, 'output/ship1', name));
            return bytes.length >= SIZE && bytes;
          },
          { timeoutMs: 20_000 },
        );
        assert.ok(got.equals(content), `${name} differs, ${got.length} bytes`);
      }
      // The node is not wedged, and nothing is left to send.
      const isEmpty = () => ship1.query('SELECT count(*) AS n FROM outbox')[0]!.n === 0;
      await waitFor('the outbox of ship1 to be empty', isEmpty);
    });
  }
}

test('a message of 5 MB is delivered whole through a broker that takes 64 KB, next to small ones', async (t) => {
  const { central, ship1 } = await startFleet(t, { brokerConfig: 'max_payload: 64KB' });
  const big = 'x'.repeat(SIZE);
  const texts = ['first\n', big, '\nlast\n'];
  const ids = await submitAll(
    central,
    texts.map((text) => ({
      toNode: 'ship1',
      method: 'REQToFileAppend',
      data: [text],
      directory: 'big',
      fileName: 'big.log',
      ACKTimeout: 2,
    })),
  );
  for (const id of ids) assert.equal((await waitForEnd(central, id, 20_000)).state, 'succeeded');
  assert.ok((await ship1.file('big/ship1/big.log')) === texts.join(''));
});
