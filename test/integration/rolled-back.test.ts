import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { newId } from '../../src/lib/new-id.ts';
import { startBroker } from '../support/broker.ts';
import { FAST_RECONNECT, submitAll, waitForState } from '../support/fleet.ts';
import { landedVersions } from '../support/landed.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { apiOf } from '../support/node-api.ts';
import { startReferencePeer } from '../support/reference-peer.ts';
import { TRIED_ENCODINGS, TRIED_ROUNDS } from '../support/rolled.ts';
import { waitFor } from '../support/wait-for.ts';

const LINES = 'lines/ship1/all';

function open(central: StewardNode): number {
  return central.query(`SELECT 1 FROM ledger WHERE batch IS NOT NULL AND ended_at IS NULL`).length;
}

function message(n: number): object {
  const place = { directory: 'lines', fileName: 'all' };
  return { ...place, toNode: 'ship1', method: 'REQToFileAppend', data: [`${n}\n`], ACKTimeout: 1 };
}

for (const { name, serialization, compression } of TRIED_ENCODINGS)
  test(`a node that goes to the original and back, again and again, gets each line of a queue once, ${name}`, async (t) => {
    const broker = await startBroker(t);
    const flags = { ...FAST_RECONNECT, ...(serialization === 'cbor' && { serialization }), compression };
    const central = await startStewardNode({ name: 'central', broker, flags }, t);
    const ship1 = await startStewardNode({ name: 'ship1', broker, flags }, t);
    const lines: string[] = [];
    let count = 0;
    for (let round = 0; round < TRIED_ROUNDS; round++) {
      // Half of the queue is under way when the node stops, and the rest waits for what comes in its place.
      const next = () => Array.from({ length: 100 }, () => message(++count));
      const queued = submitAll(central, next());
      await waitFor('some', async () => (await ship1.file(LINES).catch(() => '')).length > 0);
      await ship1.stop();
      await submitAll(central, next());
      await queued;
      const peer = await startReferencePeer({ node: 'ship1', broker, serialization, compression }, t);
      await peer.waitFor('many', () => peer.messages('REQToFileAppend').length > 20);
      await peer[Symbol.asyncDispose]();
      lines.push(
        ...peer
          .messages('REQToFileAppend')
          .flatMap(({ data }) => (data ?? []).map((item) => Buffer.from(item).toString())),
      );
      await ship1.start();
      await waitFor('the end of the queue', () => open(central) === 0);
    }
    const all = [...lines, ...(await ship1.file(LINES)).split(/(?<=\n)/)].map(Number);
    const numbers = Array.from({ length: count }, (_, at) => at + 1);
    const times = (n: number) => all.filter((one) => one === n).length;
    assert.deepEqual(
      numbers.filter((n) => times(n) !== 1).map((n) => `${n}: ${times(n)} times`),
      [],
    );
  });

test('the version before lists what gave way to a newer request, and leaves waves to the next version, which goes on with them', async (t) => {
  const broker = await startBroker(t);
  const central = await startStewardNode({ name: 'central', broker, flags: FAST_RECONNECT }, t);
  const ship1 = await startStewardNode({ name: 'ship1', broker, flags: FAST_RECONNECT }, t);
  await startStewardNode({ name: 'ship2', broker, flags: FAST_RECONNECT }, t);
  const before = landedVersions().find(({ name }) => name === '0.1')!;
  const old = (...args: string[]) => {
    const [node, ...program] = before.command;
    return execFileSync(node!, [...program, ...args], {
      cwd: central.folder,
      encoding: 'utf8',
      timeout: 20_000,
    });
  };
  const keyed = { toNode: 'away', method: 'REQCliCommand', methodArgs: ['true'], supersedes: 'key' };
  const [older] = await submitAll(central, keyed);
  const [newer] = await submitAll(central, keyed);
  await waitForState(central, older!, 'superseded');
  const ran = join(ship1.folder, 'ran');
  const script = 'until [ -e "$1".gate ]; do sleep 0.05; done; echo >> "$1"';
  const message = {
    method: 'REQCliCommand',
    methodArgs: ['bash', '-c', script, 'bash', ran],
    methodTimeout: 100,
  };
  const batch = newId();
  await apiOf(central, t).startWaves(batch, {
    targets: ['ship1', 'ship2'],
    batch: '1',
    takesNew: true,
    message,
  });
  const turns = () => central.query('SELECT id, state FROM ledger WHERE batch = ?', batch);
  await waitFor('the first turn', () => turns()[0]?.state === 'running');
  await central.become(before.command);
  assert.match(old('status', older!), /It is superseded\./);
  assert.match(old('why', older!), new RegExp(`superseded by ${newer}`));
  assert.match(old('status', batch), /1 running/);
  assert.match(old('resend', older!), /1 sent again: away/);
  await writeFile(`${ran}.gate`, '');
  await waitFor('the first end', () => turns()[0]?.state === 'succeeded');
  assert.equal(turns().length, 1);
  await central.become();
  await waitFor('the second end', () => turns().filter(({ state }) => state === 'succeeded').length === 2);
  assert.equal((await ship1.file('../ran')).length, 2);
  await waitFor('the waves to be over', () => central.query('SELECT 1 FROM waves').length === 0);
  await waitForState(central, older!, 'superseded');
});
