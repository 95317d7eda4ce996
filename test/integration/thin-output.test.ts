import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { startBroker } from '../support/broker.ts';
import { FAST_RECONNECT, submitAll, waitForEnd } from '../support/fleet.ts';
import { startStewardNode } from '../support/node.ts';
import { type LinkShape, startSlowLink } from '../support/slow-link.ts';
import { waitFor } from '../support/wait-for.ts';

const OUTPUT_BYTES = 120_000;
const PATIENCE_MS = 60_000;
const SHAPE: LinkShape = { bitsPerSecond: 300_000, rttMs: 100 };
const PRINT = `head -c ${OUTPUT_BYTES} /dev/urandom | base64 -w 0 | head -c ${OUTPUT_BYTES}`;

async function startThinFleet(
  t: TestContext,
  centralFlags: Record<string, string> = {},
  shape: LinkShape = SHAPE,
) {
  const broker = await startBroker(t);
  const link = await startSlowLink(broker, shape, t);
  const flags = { ...FAST_RECONNECT, ...centralFlags };
  const central = await startStewardNode({ name: 'central', broker, flags }, t);
  const ship1 = await startStewardNode({ name: 'ship1', broker: link, flags: FAST_RECONNECT }, t);
  const [ping] = await submitAll(central, { toNode: 'ship1', method: 'REQPing', replyMethod: 'REQNone' });
  await waitForEnd(central, ping!);
  /** Has ship1 print much that is followed and replied; returns the request's id, the reply and the bytes that it took. */
  const print = async (replyMethod: string) => {
    const before = link.total;
    const [id] = await submitAll(central, {
      ...{ toNode: 'ship1', method: 'REQCliCommand', methodArgs: ['bash', '-c', PRINT], methodTimeout: 60 },
      ...{ directory: 'd', fileName: replyMethod, replyMethod, output: 'live' },
    });
    assert.equal((await waitForEnd(central, id!, PATIENCE_MS)).state, 'succeeded');
    const isWhole = (text: string) => text.length === OUTPUT_BYTES;
    const replied = await central.waitForFile(`d/ship1/${replyMethod}`, isWhole, PATIENCE_MS);
    return { id: id!, replied, taken: link.total - before };
  };
  return { central, ship1, link, print };
}

test('the end of a command waits for some seconds of the output of others at most, also of those that have ended', async (t) => {
  const { central, link, ship1 } = await startThinFleet(t, {}, { bitsPerSecond: 100_000, rttMs: 300 });
  const run = async (script: string) => {
    const [id] = await submitAll(central, {
      ...{ toNode: 'ship1', method: 'REQCliCommand', methodArgs: ['bash', '-c', script] },
      ...{ replyMethod: 'REQNone', output: 'live', priority: 'urgent', methodTimeout: 60 },
    });
    return id!;
  };
  const quickly = async () => {
    const before = link.bytes.toServer;
    const id = await run('echo quick');
    assert.equal((await waitForEnd(central, id, PATIENCE_MS)).state, 'succeeded');
    const bytes = link.bytes.toServer - before;
    assert.ok(bytes < 40_000, `${bytes} bytes of the other one came first`);
  };
  const told = (id: string) => central.query('SELECT data FROM outputs WHERE id = ? ORDER BY offset', id);
  const noise = await run('while head -c 20000 /dev/urandom | base64; do sleep 0.2; done');
  await waitFor('output to come', () => told(noise).length > 4, { timeoutMs: PATIENCE_MS });
  await quickly();
  await submitAll(central, {
    toNode: 'ship1',
    method: 'REQCancel',
    methodArgs: [noise],
    replyMethod: 'REQNone',
  });
  const isOver = (id: string) =>
    ship1.query('SELECT 1 FROM journal WHERE id = ? AND ended_at > 0', id).length > 0;
  await waitFor('it to be over', () => isOver(noise), { timeoutMs: PATIENCE_MS });
  const rest = await run(`${PRINT}; echo errors >&2`);
  await waitFor('the next one to be over', () => isOver(rest), { timeoutMs: PATIENCE_MS });
  await quickly();
  const isEnded = () => central.query('SELECT 1 FROM ledger WHERE id = ? AND ended_at > 0', rest).length > 0;
  assert.ok(!isEnded(), 'its output is on its way still');
  await ship1.restart();
  assert.equal((await waitForEnd(central, rest, PATIENCE_MS)).state, 'succeeded');
  const text = Buffer.concat(told(rest).map(({ data }) => data as Uint8Array)).toString();
  assert.equal(text.replace('errors\n', '').length, OUTPUT_BYTES);
});

test('output that was followed over a thin link does not travel again in the reply', async (t) => {
  const { central, print } = await startThinFleet(t);
  for (const method of ['REQToFile', 'REQToFileAppend']) {
    const { id, replied, taken } = await print(method);
    const pieces = central.query('SELECT data FROM outputs WHERE id = ? AND stream = 1 ORDER BY offset', id);
    assert.equal(replied, Buffer.concat(pieces.map(({ data }) => data as Uint8Array)).toString());
    // The bytes are noise in base64, of which 3/4 remain.
    assert.ok(taken < 1.1 * OUTPUT_BYTES, `${method}: ${taken} bytes for ${OUTPUT_BYTES}`);
  }
});

test('output that was followed and is not all kept comes whole in the reply', async (t) => {
  const { print } = await startThinFleet(t, { ledgerOutputKB: '16' });
  const { replied } = await print('REQToFile');
  assert.match(replied, /^[A-Za-z0-9+/]+$/);
});

test('text that is followed costs little more than its zstd, and comes byte for byte when central or its node is killed meanwhile', async (t) => {
  const { central, ship1, link } = await startThinFleet(t, {}, { bitsPerSecond: 100_000, rttMs: 300 });
  const line =
    'ship1 sshd[$RANDOM]: Accepted publickey for admin from 10.0.$((RANDOM % 256)).3 port $RANDOM: $RANDOM$RANDOM';
  const script = `for i in $(seq 1 1200); do echo "$i ${line}"; [ $((i % 100)) = 0 ] && sleep 0.1; done | tee log`;
  const follow = async (then = '') => {
    const [id] = await submitAll(central, {
      ...{
        toNode: 'ship1',
        method: 'REQCliCommand',
        methodArgs: ['bash', '-c', `cd '${ship1.folder}'; ${script}${then}`],
      },
      ...{ replyMethod: 'REQNone', output: 'live', methodTimeout: 60 },
    });
    return id!;
  };
  const told = (id: string) => {
    const rows = central.query('SELECT data FROM outputs WHERE id = ? ORDER BY offset', id);
    return Buffer.concat(rows.map(({ data }) => data as Uint8Array));
  };
  const comes = (id: string, bytes: number) =>
    waitFor('output to come', () => told(id).length > bytes, { timeoutMs: PATIENCE_MS });
  const printed = () => readFile(join(ship1.folder, 'log'));
  const before = link.total;
  const whole = await follow();
  assert.equal((await waitForEnd(central, whole, PATIENCE_MS)).state, 'succeeded');
  const text = await printed();
  assert.ok(told(whole).equals(text));
  const [taken, packed] = [link.total - before, zstdCompressSync(text).length];
  assert.ok(taken < 1.5 * packed, `${taken} bytes for ${packed}`);
  const overCentral = await follow();
  for (const bytes of [20_000, 50_000]) {
    await comes(overCentral, bytes);
    await central.restart();
  }
  assert.equal((await waitForEnd(central, overCentral, PATIENCE_MS)).state, 'succeeded');
  assert.ok(told(overCentral).equals(await printed()));
  const overShip = await follow('; sleep 60');
  await comes(overShip, 30_000);
  await ship1.restart();
  assert.equal((await waitForEnd(central, overShip, PATIENCE_MS)).state, 'interrupted');
  const part = told(overShip);
  assert.ok(part.length > 30_000 && part.equals((await printed()).subarray(0, part.length)));
});
