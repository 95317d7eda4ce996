import assert from 'node:assert/strict';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { FAST_RECONNECT, ledgerRow, submitAll, waitForEnd, waitForState } from '../support/fleet.ts';
import { startStewardNode } from '../support/node.ts';
import { shared } from '../support/shared.ts';
import { command } from '../support/ship1-messages.ts';
import { submitTo } from '../support/submit.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { waitFor, waitForFile } from '../support/wait-for.ts';

/** ship1 is behind a proxy, which can cut its link. */
const fleet = shared(async (scope) => {
  const broker = await startBroker(scope);
  const proxy = await startTcpProxy(broker, scope);
  const [central, ship1] = await Promise.all([
    startStewardNode({ name: 'central', broker, flags: FAST_RECONNECT }, scope),
    startStewardNode({ name: 'ship1', broker: proxy, flags: FAST_RECONNECT }, scope),
  ]);
  return { broker, proxy, central, ship1 };
});
let tests = 0;

/** The fleet, and files of ship1 that are this test's own: what `append` writes to, and what commands may write to. */
async function setUp() {
  tests += 1;
  const file = `out/ship1/${fileName()}`;
  const parts = await fleet();
  return { ...parts, file, runs: join(parts.ship1.folder, `runs${tests}`) };
}

function fileName(): string {
  return `out${tests}.log`;
}

test('faults 3, 4: time without a broker does not count: a message with a budget of 2 s survives 6 s of it', async () => {
  const { broker, central } = await setUp();
  await broker.kill();
  const killedAt = performance.now();
  const [id] = await submitAll(central, { ...append('late\n'), retries: 2, ACKTimeout: 1 });
  await waitFor('6 s without a broker', () => performance.now() - killedAt > 6000);
  assert.equal(ledgerRow(central, id!)?.state, 'queued');
  await broker.restart();
  assert.equal((await waitForEnd(central, id!, 30_000)).state, 'succeeded');
});

test('fault 3: 200 messages for a dead node end together when their budget is spent, and are reported', async (t) => {
  const broker = await startBroker(t);
  const central = await startStewardNode({ name: 'central', broker, flags: FAST_RECONNECT }, t);
  const message = { ...append('x\n'), toNode: 'ship9', retries: 2, ACKTimeout: 1 };
  const [unlimited] = await submitAll(central, { ...append('kept\n'), toNode: 'ship8' });
  const ids = await submitAll(central, Array(200).fill(message));
  const rows = await Promise.all(ids.map((id) => waitForEnd(central, id, 60_000)));
  assert.deepEqual([...new Set(rows.map(({ state }) => state))], ['undelivered']);
  const took = rows.map((row) => Number(row.ended_at) - Number(row.queued_at));
  assert.ok(Math.min(...took) >= 1900, `one ended after ${Math.min(...took)} ms`);
  // One after the other they would take 400 s.
  assert.ok(Math.max(...took) <= 40_000, `one ended after ${Math.max(...took)} ms`);
  const log = await central.waitForFile('errorLog/errorCentral/error.log', (text) =>
    text.includes('max retries reached'),
  );
  assert.match(
    log,
    /node: central, info: toNode: ship9, fromNode: central, method: REQToFileAppend: max retries reached/,
  );
  assert.ok(['queued', 'sent'].includes(String(ledgerRow(central, unlimited!)?.state)));
  const audited = (await central.audit()).filter(({ state }) => state === 'undelivered');
  assert.equal(audited.length, 200);
});

test('fault 5: commands whose answers are lost with the link run once each, and end as they went', async () => {
  const { proxy, central, ship1, file, runs } = await setUp();
  await waitForEnd(central, (await submitAll(central, append('before\n')))[0]!);

  proxy.mute('toServer');
  const ids = await submitAll(central, [
    { ...command(`echo run >> ${runs}`), ACKTimeout: 1 },
    { ...append('once\n'), ACKTimeout: 1 },
  ]);
  await waitForFile(runs);
  await ship1.waitForFile(file, (text) => text.endsWith('once\n'));
  const isRepeated = () => Number(ledgerRow(central, ids[0]!)?.attempts) >= 3;
  await waitFor('central to have sent it three times', isRepeated);
  proxy.unmute();
  proxy.cut();
  for (const id of ids) assert.equal((await waitForEnd(central, id, 15_000)).state, 'succeeded');
  assert.equal(await readFile(runs, 'utf8'), 'run\n');
  assert.equal(await ship1.file(file), 'before\nonce\n');
});

test('fault 7: what a node cannot write is rejected, and the sender learns why', async () => {
  const { central, ship1, file } = await setUp();
  await mkdir(join(ship1.dataFolder, file), { recursive: true });
  const ids = await submitAll(central, [
    append('lost\n'),
    { ...append('lost\n'), method: 'REQToFile' },
    { ...append('fine\n'), fileName: 'other.log' },
  ]);
  const rows = await Promise.all(ids.map((id) => waitForEnd(central, id)));
  assert.deepEqual(
    rows.map(({ state }) => state),
    ['rejected', 'rejected', 'succeeded'],
  );
  for (const { reason } of rows.slice(0, 2))
    assert.match(String(reason), /out\/ship1\/out\d+\.log .*can't be written: .*is a folder/);
  await central.waitForFile('errorLog/errorCentral/error.log', (text) =>
    /out\d+\.log.*can't be written/.test(text),
  );
  // The lane goes on.
  await rm(join(ship1.dataFolder, file), { recursive: true });
  const [again] = await submitAll(central, append('found\n'));
  assert.equal((await waitForEnd(central, again!)).state, 'succeeded');
  assert.equal(await ship1.file(file), 'found\n');
});

test('fault 9: two senders with one target and method each get their own answers', async (t) => {
  const { broker, central, ship1, file } = await setUp();
  const ship2 = await startStewardNode({ name: 'ship2', broker, flags: FAST_RECONNECT }, t);
  await mkdir(join(ship1.dataFolder, `bad/ship1/${fileName()}`), { recursive: true });
  const bad = Array(200).fill({ ...append('bad\n'), directory: 'bad' });
  const good = Array.from({ length: 200 }, (_, index) => append(`${index}\n`));
  const [badIds, goodIds] = await Promise.all([submitAll(ship2, bad), submitAll(central, good)]);
  for (const id of goodIds) assert.equal((await waitForEnd(central, id)).state, 'succeeded');
  for (const id of badIds) assert.equal((await waitForEnd(ship2, id)).state, 'rejected');
  assert.equal(await ship1.file(file), good.map((_, index) => `${index}\n`).join(''));
});

test('fault 10: messages that no node can take are refused, or end; nothing of them is kept or sent again', async () => {
  const { central, ship1, file } = await setUp();
  const answer = await central.submit([
    { ...append('x'), method: 'REQNothing' },
    { ...append('x'), toNode: 'ship*' },
    append('good\n'),
    { ...command('true'), methodArgs: [] },
  ]);
  const refused = answer.refused as { index: number; field: string; reason: string }[];
  assert.deepEqual(
    refused.map(({ index, field }) => [index, field]),
    [
      [0, 'method'],
      [1, 'toNode'],
    ],
  );
  const [good, noArgs] = (answer.accepted as { id: string }[]).map(({ id }) => id);
  assert.equal((await waitForEnd(central, good!)).state, 'succeeded');
  const row = await waitForEnd(central, noArgs!);
  assert.equal(row.state, 'rejected');
  assert.match(String(row.reason), /methodArgs is empty/);
  const isEmpty = () => [central, ship1].every((node) => node.query('SELECT key FROM outbox').length === 0);
  await waitFor('both outboxes to be empty', isEmpty);
  await central.restart();
  await ship1.restart();
  const [after] = await submitAll(central, append('after\n'));
  assert.equal((await waitForEnd(central, after!)).state, 'succeeded');
  assert.equal(await ship1.file(file), 'good\nafter\n');
});

test('fault 11: a submission that arrives in many pieces is taken; garbage is answered and harms nothing', async (t) => {
  const { central, ship1, file } = await setUp();
  const text = JSON.stringify([append('pieces\n'), append('more\n')]);
  const socket = connect(central.socketPath);
  t.after(() => socket.destroy());
  let answer = '';
  socket.setEncoding('utf8').on('data', (piece: string) => {
    answer += piece;
  });
  for (const character of text) await new Promise((resolve) => socket.write(character, resolve));
  socket.end();
  await waitFor('the answer', () => answer.endsWith('\n'));
  assert.equal(JSON.parse(answer).accepted.length, 2);
  await ship1.waitForFile(file, (content) => content === 'pieces\nmore\n');
  for (const garbage of ['{"toNode": ', '\0\0\0', '[1, 2]', 'just words', '[]']) {
    const { accepted, refused } = await submitTo(central.socketPath, garbage);
    assert.deepEqual(accepted, []);
    assert.ok((refused as unknown[]).length > 0, garbage);
  }
});

test('expiresIn ends a message on the sender when its target is away, and on the receiver when its turn comes late', async () => {
  const { central, ship1, runs } = await setUp();
  const [away] = await submitAll(central, {
    ...command(`echo away >> ${runs}`),
    toNode: 'ship9',
    expiresIn: 1,
  });
  assert.equal((await waitForEnd(central, away!)).state, 'expired');

  // The others keep the last from its turn until its time is over: each is short enough for the next to wait for its end.
  const [first, , , , late] = await submitAll(central, [
    ...Array(4).fill(command('sleep 0.9')),
    { ...command(`echo late >> ${runs}`), expiresIn: 3 },
  ]);
  const row = await waitForEnd(central, late!);
  assert.equal(row.state, 'expired');
  assert.match(String(row.reason), /its turn/);
  assert.equal((await waitForEnd(central, first!)).state, 'succeeded');

  await ship1.kill();
  const [queued] = await submitAll(central, { ...command(`echo queued >> ${runs}`), expiresIn: 2 });
  assert.equal((await waitForEnd(central, queued!)).state, 'expired');
  await ship1.start();
  const [last] = await submitAll(central, command(`echo last >> ${runs}`));
  assert.equal((await waitForEnd(central, last!)).state, 'succeeded');
  assert.equal(await readFile(runs, 'utf8'), 'last\n');
});

test('a command is queued, accepted, running and then at its end, in this order', async () => {
  const { central, ship1 } = await setUp();
  await ship1.kill();
  const [id] = await submitAll(central, command('sleep 2; exit 3'));
  assert.ok(['queued', 'sent'].includes(String(ledgerRow(central, id!)?.state)));
  const seen: string[] = [];
  await ship1.start();
  const row = await waitFor(
    'the end',
    () => {
      const now = ledgerRow(central, id!)!;
      if (seen.at(-1) !== now.state) seen.push(String(now.state));
      return now.ended_at !== null && now;
    },
    { intervalMs: 5 },
  );
  const order = ['queued', 'sent', 'accepted', 'running', 'failed'];
  assert.deepEqual(
    seen,
    order.filter((state) => seen.includes(state)),
  );
  assert.ok(seen.includes('running'), seen.join());
  assert.equal(row.exit_code, 3);
  // These times are those at which central heard of it, and so are not 2 s apart where a machine is busy.
  const [queued, accepted, started, ended] = [
    row.queued_at,
    row.accepted_at,
    row.started_at,
    row.ended_at,
  ].map(Number);
  assert.ok(queued! <= accepted! && accepted! <= started! && started! <= ended!, JSON.stringify(row));
  const there = central.query(
    'SELECT there_ended_at - there_started_at AS took FROM ledger WHERE id = ?',
    id!,
  );
  assert.ok(Number(there[0]!.took) >= 2000, JSON.stringify(there));
});

test('fault 5: a report corrects what was given up as undelivered because its answer was lost', async () => {
  const { proxy, central, runs } = await setUp();
  await waitForEnd(central, (await submitAll(central, append('before\n')))[0]!);
  proxy.mute('toServer');
  const [id] = await submitAll(central, {
    ...command(`echo run >> ${runs}; exit 4`),
    retries: 2,
    ACKTimeout: 1,
  });
  await waitForFile(runs);
  await waitForState(central, id!, 'undelivered');
  proxy.unmute();
  proxy.cut();
  const row = await waitForState(central, id!, 'failed', 15_000);
  assert.equal(row.exit_code, 4);
  assert.equal(await readFile(runs, 'utf8'), 'run\n');
  await central.waitForFile('errorLog/errorCentral/error.log', (text) => /max retries reached/.test(text));
});

function append(text: string): Record<string, unknown> {
  return {
    toNode: 'ship1',
    method: 'REQToFileAppend',
    data: [text],
    directory: 'out',
    fileName: fileName(),
    ACKTimeout: 1,
  };
}
