import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { newMessage } from '../../src/message/message.ts';
import { leftOutput } from '../../src/methods/commands/spool.ts';
import { startBroker } from '../support/broker.ts';
import {
  FAST_RECONNECT,
  ledgerRow,
  sharedFleet,
  startFleet,
  submitAll,
  waitForEnd,
} from '../support/fleet.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { startReferencePeer } from '../support/reference-peer.ts';
import { relayed, startRelayFleet } from '../support/relay-fleet.ts';
import { shared } from '../support/shared.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait-for.ts';

const KB = 1024;
const fleet = sharedFleet();
const relayFleet = shared(startRelayFleet);

interface Row {
  readonly offset: number;
  readonly data: Uint8Array;
}

/** What a node keeps of a stream of a request's output, by its place. */
function keptRows(node: StewardNode, id: string, stream: 'stdout' | 'stderr' = 'stdout'): Row[] {
  const sql = 'SELECT offset, data FROM outputs WHERE id = ? AND stream = ? ORDER BY offset';
  return node.query(sql, id, stream === 'stdout' ? 1 : 2) as unknown as Row[];
}

/** All of a stream, which must have been kept without a gap. */
function kept(node: StewardNode, id: string, stream?: 'stdout' | 'stderr'): Buffer {
  const rows = keptRows(node, id, stream);
  let end = 0;
  for (const { offset, data } of rows) {
    assert.equal(offset, end, 'no byte is missing, and none is there twice');
    end += data.length;
  }
  return Buffer.concat(rows.map(({ data }) => data));
}

function keptBytes(node: StewardNode, id: string): number {
  return keptRows(node, id).reduce((sum, { data }) => sum + data.length, 0);
}

function bash(script: string, more: object = {}) {
  const command = { method: 'REQCliCommand', methodArgs: ['bash', '-c', script], methodTimeout: 120 };
  return { toNode: 'ship1', ...command, replyMethod: 'REQNone', ACKTimeout: 2, ...more };
}

function numbered(word: string, lines: number): string {
  return Array.from({ length: lines }, (_, index) => `${word} ${index + 1}\n`).join('');
}

test('what a command printed is kept where its end is, whatever becomes of the reply, and only as long as it is wanted', async () => {
  const { central } = await fleet();
  const script = 'printf "a\\0\\377b"; echo oops >&2; exit 3';
  const ids = await submitAll(central, [
    bash(script),
    bash(script, { output: 'none' }),
    { toNode: 'ship1', method: 'REQOpProcessList', replyMethod: 'REQNone' },
    bash(script, { method: 'REQCliCommandCont' }),
  ]);
  const rows = await Promise.all(ids.map((id) => waitForEnd(central, id)));
  assert.deepEqual([rows[0]!.state, rows[0]!.exit_code, rows[0]!.output_bytes], ['failed', 3, 4]);
  assert.deepEqual(kept(central, ids[0]!), Buffer.from([0x61, 0, 0xff, 0x62]));
  assert.equal(Buffer.from(rows[0]!.stderr_tail as Uint8Array).toString(), 'oops\n');
  assert.deepEqual([kept(central, ids[1]!).length, rows[1]!.output_bytes], [0, 4]);
  assert.match(kept(central, ids[2]!).toString(), /ship1\.REQCliCommand\.CommandACK/);
  assert.equal(kept(central, ids[3]!).length, rows[3]!.output_bytes);
  const [clocks] = central.query(
    'SELECT accepted_at <= started_at AND started_at <= ended_at AS ours, there_accepted_at <= there_started_at AND there_started_at <= there_ended_at AS theirs FROM ledger WHERE id = ?',
    ids[0]!,
  );
  assert.deepEqual({ ...clocks }, { ours: 1, theirs: 1 });
  const answer = await central.submit({ ...bash('true'), output: 'all' });
  assert.deepEqual(answer.refused, [
    { index: 0, field: 'output', reason: 'must be one of "end", "live", "none", but is the text "all"' },
  ]);
});

test('of 5 MB of output the last 64 KB come with the end: followed live, the first and the last half of the limit are kept', async (t) => {
  const limit = 512 * KB;
  const { central, ship1 } = await startFleet(t, { centralFlags: { ledgerOutputKB: limit / KB } });
  const content = randomBytes(5 * KB * KB);
  const path = join(ship1.folder, 'content');
  await writeFile(path, content);
  const [atEnd, live] = await submitAll(central, [
    bash(`cat ${path}`),
    bash(`cat ${path} ${path} | head -c 5242880; head -c 10000 ${path} >&2`, { output: 'live' }),
  ]);
  for (const id of [atEnd, live]) assert.equal((await waitForEnd(central, id!, 30_000)).state, 'succeeded');
  const tail = keptRows(central, atEnd!);
  assert.equal(tail[0]!.offset, content.length - 64 * KB);
  assert.ok(Buffer.concat(tail.map(({ data }) => data)).equals(content.subarray(-64 * KB)));
  const rows = keptRows(central, live!);
  for (const { offset, data } of rows)
    assert.ok(
      content.subarray(offset, offset + data.length).equals(data),
      `the piece at ${offset} is another one`,
    );
  const first = rows.filter(({ offset }) => offset < limit / 2);
  const last = rows.filter(({ offset }) => offset >= limit / 2);
  const bytes = (some: readonly Row[]) => some.reduce((sum, { data }) => sum + data.length, 0);
  assert.equal(bytes(first), limit / 2);
  assert.equal(last[0]!.offset + bytes(last), content.length);
  assert.ok(
    bytes(last) >= limit / 2 && bytes(last) < limit / 2 + 64 * KB,
    `${bytes(last)} bytes of the end are kept`,
  );
  assert.ok(kept(central, live!, 'stderr').equals(content.subarray(0, 10_000)));
});

test('output is sent while a command runs, each byte once and in order, though central and the broker are killed meanwhile', async () => {
  const { broker, central, ship1 } = await fleet();
  const [parts, lines] = [4, 50];
  // Each part begins when it may, so that there is something to come after each kill however long that takes.
  const may = (part: number | string) => join(ship1.folder, `part${part}`);
  const script = `for part in $(seq ${parts}); do
    until [ -e ${may('$part')} ]; do sleep 0.02; done
    for i in $(seq $(( (part - 1) * ${lines} + 1 )) $(( part * ${lines} ))); do
      echo "line $i"; echo "error $i" >&2; sleep 0.02
    done
  done`;
  const [command, cont] = await submitAll(central, [
    bash(script, { output: 'live' }),
    bash(script, { output: 'live', method: 'REQCliCommandCont' }),
  ]);
  const hasMore = async (than: number) => {
    await waitFor(`more than ${than} bytes`, () => keptBytes(central, command!) > than, {
      timeoutMs: 60_000,
    });
    return keptBytes(central, command!);
  };
  let seen = 0;
  for (const [index, victim] of [central, broker, central].entries()) {
    await writeFile(may(index + 1), '');
    seen = await hasMore(seen);
    assert.equal(ledgerRow(central, command!)?.state, 'running');
    await victim.restart();
  }
  await writeFile(may(parts), '');
  for (const id of [command!, cont!])
    assert.equal((await waitForEnd(central, id, 60_000)).state, 'succeeded');
  const total = parts * lines;
  assert.equal(kept(central, command!).toString(), numbered('line', total));
  assert.equal(kept(central, command!, 'stderr').toString(), numbered('error', total));
  const both = kept(central, cont!).toString().split('\n').toSorted();
  assert.deepEqual(both, `${numbered('line', total)}${numbered('error', total)}`.split('\n').toSorted());
});

test('a command prints on while its link is cut, and what it printed arrives when the link is back', async (t) => {
  const broker = await startBroker(t);
  const proxy = await startTcpProxy(broker, t);
  const central = await startStewardNode({ name: 'central', broker, flags: FAST_RECONNECT }, t);
  const ship1 = await startStewardNode({ name: 'ship1', broker: proxy, flags: FAST_RECONNECT }, t);
  const bytes = 20 * KB * KB;
  const done = join(ship1.folder, 'data/done');
  const script = `echo begun; until [ -e ${done}.go ]; do sleep 0.05; done; head -c ${bytes} /dev/zero; touch ${done}; sleep 1; echo end`;
  const [id] = await submitAll(central, bash(script, { output: 'live' }));
  await waitFor('the first line', () => kept(central, id!).toString() === 'begun\n');
  proxy.mute('toServer');
  await writeFile(`${done}.go`, '');
  await ship1.waitForFile('done', () => true, 20_000);
  const waiting = () => Number(ship1.query('SELECT count(*) AS n FROM outbox')[0]!.n);
  // The rest stays in its files.
  await waitFor('reports to wait', () => waiting() >= 2, { timeoutMs: 20_000 });
  proxy.unmute();
  proxy.cut();
  assert.equal((await waitForEnd(central, id!, 60_000)).state, 'succeeded');
  const rows = keptRows(central, id!);
  const firstBytes = Buffer.concat(rows.slice(0, 2).map(({ data }) => data)).subarray(0, 8);
  assert.equal(firstBytes.toString(), 'begun\n\0\0');
  const last = rows.at(-1)!;
  assert.equal(last.offset + last.data.length, bytes + 'begun\nend\n'.length);
  assert.equal(Buffer.from(last.data.subarray(-5)).toString(), '\0end\n');
});

test('what a command had printed when its node was killed arrives, and then that it was interrupted', async () => {
  const { central, ship1 } = await fleet();
  const [id] = await submitAll(
    central,
    bash('seq 100000; seq 90000 >&2; touch data/printed; sleep 60', { output: 'live' }),
  );
  await ship1.waitForFile('printed', () => true);
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => `${index + 1}\n`).join('');
  // What the node has not read of a pipe is lost with it.
  const files = () => leftOutput(join(ship1.databaseFolder, 'spool'), id!)!;
  const isRead = () =>
    files().stdout.bytes === numbers(100_000).length && files().stderr.bytes === numbers(90_000).length;
  await waitFor('all to be read', isRead);
  await ship1.restart();
  assert.equal((await waitForEnd(central, id!, 30_000)).state, 'interrupted');
  assert.ok(kept(central, id!).toString() === numbers(100_000));
  assert.ok(kept(central, id!, 'stderr').toString() === numbers(90_000));
  const left = ship1.query('SELECT stdout, stdout_sent FROM journal WHERE id = ?', id!)[0]!;
  assert.equal(left.stdout, null);
});

test('a relayed command tells the end of its output to each node on its way, unless nothing is wanted', async () => {
  const { ship1, central } = await relayFleet();
  const script = 'head -c 100000 /dev/zero; echo end';
  const [id, none] = await submitAll(ship1, [
    relayed(script, { replyMethod: 'REQNone', relayReplyMethod: '' }),
    relayed(script, { replyMethod: 'REQNone', relayReplyMethod: '', output: 'none' }),
  ]);
  for (const one of [id!, none!]) assert.equal((await waitForEnd(ship1, one)).state, 'succeeded');
  const rows = keptRows(ship1, id!);
  assert.equal(rows[0]!.offset, 100_004 - 64 * KB);
  assert.equal(Buffer.from(rows.at(-1)!.data.subarray(-5)).toString(), '\0end\n');
  // Kept are the request itself, the step by which it went on from here, and what central sent.
  const count = (node: StewardNode) => node.query('SELECT count(DISTINCT id) AS n FROM outputs')[0]!.n;
  assert.deepEqual([count(ship1), count(central)], [2, 1]);
});

test('nodes of the original program run commands whatever is wanted of the output, and send none', async (t) => {
  const broker = await startBroker(t);
  const central = await startStewardNode({ name: 'central', broker, flags: FAST_RECONNECT }, t);
  const ship1 = await startReferencePeer({ node: 'ship1', broker }, t);
  const file = { replyMethod: 'REQToFileAppend', directory: 'out', fileName: 'log' };
  const [id] = await submitAll(central, bash('echo run', { output: 'live', ...file }));
  assert.equal((await waitForEnd(central, id!)).state, 'handed-over');
  assert.equal(await central.waitForFile('out/ship1/log', (text) => text.length > 0), 'run\n');
  assert.deepEqual(ship1.faults, []);
  assert.equal(ship1.commands.length, 1);
  assert.equal(keptBytes(central, id!), 0);

  const asker = await startReferencePeer(
    { node: 'ship2', broker, methods: ['REQToFileAppend', 'REQReport'] },
    t,
  );
  const request = { toNode: 'central', fromNode: 'ship2', method: 'REQCliCommand', ackTimeout: 2 };
  await asker.publish(newMessage({ ...request, methodArgs: ['echo', 'asked'], methodTimeout: 5 }));
  await waitFor('the reply', () => asker.messages('REQToFileAppend').length === 1);
  const row = central.query("SELECT state, stdout, reported FROM journal WHERE from_node = 'ship2'")[0];
  assert.deepEqual({ ...row }, { state: 'succeeded', stdout: null, reported: 1 });
  assert.deepEqual(asker.messages('REQReport'), []);
});

test('the end of a relayed output is handed on whole, also where it lies in several rows on its way', async () => {
  const { ship1 } = await relayFleet();
  // Its last 64 KB begin just before the place where a ledger parts what it keeps first from what it keeps last.
  const script = 'head -c 524300 /dev/zero';
  const [id] = await submitAll(ship1, [relayed(script, { replyMethod: 'REQNone', relayReplyMethod: '' })]);
  assert.equal((await waitForEnd(ship1, id!)).state, 'succeeded');
  assert.equal(keptBytes(ship1, id!), 64 * KB);
});
