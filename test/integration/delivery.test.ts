import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import {
  FAST_RECONNECT,
  ledgerRow,
  sentOn,
  startFleet,
  submitAll,
  waitForEnd,
  waitForState,
} from '../support/fleet.ts';
import { startStewardNode } from '../support/node.ts';
import { submitTo } from '../support/submit.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait-for.ts';

test('faults 3, 4: time without a broker does not count: a message with a budget of 2 s survives 6 s of it', async (t) => {
  const { broker, central } = await startFleet(t);
  await broker.kill();
  const killedAt = performance.now();
  const [id] = await submitAll(central, { ...append('late\n'), retries: 2, ACKTimeout: 1 });
  await waitFor('6 s without a broker', () => performance.now() - killedAt > 6000);
  assert.equal(ledgerRow(central, id!)?.state, 'queued');
  await broker.restart();
  assert.equal((await waitForEnd(central, id!, 10_000)).state, 'succeeded');
});

test('fault 3: 200 messages for a dead node end together when their budget is spent, and are reported', async (t) => {
  const broker = await startBroker(t);
  const central = await startStewardNode({ name: 'central', broker, flags: FAST_RECONNECT }, t);
  const message = { ...append('x\n'), toNode: 'ship9', retries: 2, ACKTimeout: 1 };
  const [unlimited] = await submitAll(central, { ...append('kept\n'), toNode: 'ship8' });
  const ids = await submitAll(central, Array(200).fill(message));
  const rows = await Promise.all(ids.map((id) => waitForEnd(central, id, 10_000)));
  assert.deepEqual([...new Set(rows.map(({ state }) => state))], ['undelivered']);
  const took = rows.map((row) => Number(row.ended_at) - Number(row.queued_at));
  assert.ok(Math.min(...took) >= 1900, `one ended after ${Math.min(...took)} ms`);
  assert.ok(Math.max(...took) <= 5000, `one ended after ${Math.max(...took)} ms`);
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

test('fault 5: commands whose answers are lost with the link run once each, and end as they went', async (t) => {
  const broker = await startBroker(t);
  const proxy = await startTcpProxy(broker, t);
  const central = await startStewardNode({ name: 'central', broker, flags: FAST_RECONNECT }, t);
  const ship1 = await startStewardNode({ name: 'ship1', broker: proxy, flags: FAST_RECONNECT }, t);
  await waitForEnd(central, (await submitAll(central, append('before\n')))[0]!);

  proxy.mute('toServer');
  const path = join(ship1.folder, 'runs');
  const ids = await submitAll(central, [
    { ...command(`echo run >> ${path}`), ACKTimeout: 1 },
    { ...append('once\n'), ACKTimeout: 1 },
  ]);
  await ship1.waitForFile('../runs');
  await ship1.waitForFile('out/ship1/out.log', (text) => text.endsWith('once\n'));
  const isRepeated = () =>
    sentOn(central, 'ship1.REQCliCommand.CommandACK').some((row) => Number(row.attempts) >= 3);
  await waitFor('central to have sent it three times', isRepeated);
  proxy.unmute();
  proxy.cut();
  for (const id of ids) assert.equal((await waitForEnd(central, id, 15_000)).state, 'succeeded');
  assert.equal(await ship1.file('../runs'), 'run\n');
  assert.equal(await ship1.file('out/ship1/out.log'), 'before\nonce\n');
});

test('fault 7: what a node cannot write is rejected, and the sender learns why', async (t) => {
  const { central, ship1 } = await startFleet(t);
  await mkdir(join(ship1.dataFolder, 'out/ship1/out.log'), { recursive: true });
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
    assert.match(String(reason), /out\/ship1\/out\.log .*can't be written: .*is a folder/);
  await central.waitForFile('errorLog/errorCentral/error.log', (text) =>
    /out\.log.*can't be written/.test(text),
  );
  // The lane goes on.
  await rm(join(ship1.dataFolder, 'out/ship1/out.log'), { recursive: true });
  const [again] = await submitAll(central, append('found\n'));
  assert.equal((await waitForEnd(central, again!)).state, 'succeeded');
  assert.equal(await ship1.file('out/ship1/out.log'), 'found\n');
});

test('fault 9: two senders with one target and method each get their own answers', async (t) => {
  const { broker, central, ship1 } = await startFleet(t);
  const ship2 = await startStewardNode({ name: 'ship2', broker, flags: FAST_RECONNECT }, t);
  await mkdir(join(ship1.dataFolder, 'bad/ship1/out.log'), { recursive: true });
  const bad = Array(200).fill({ ...append('bad\n'), directory: 'bad' });
  const good = Array.from({ length: 200 }, (_, index) => append(`${index}\n`));
  const [badIds, goodIds] = await Promise.all([submitAll(ship2, bad), submitAll(central, good)]);
  for (const id of goodIds) assert.equal((await waitForEnd(central, id)).state, 'succeeded');
  for (const id of badIds) assert.equal((await waitForEnd(ship2, id)).state, 'rejected');
  assert.equal(await ship1.file('out/ship1/out.log'), good.map((_, index) => `${index}\n`).join(''));
});

test('fault 10: messages that no node can take are refused, or end; nothing of them is kept or sent again', async (t) => {
  const { central, ship1 } = await startFleet(t);
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
  assert.equal(await ship1.file('out/ship1/out.log'), 'good\nafter\n');
});

test('fault 11: a submission that arrives in many pieces is taken; garbage is answered and harms nothing', async (t) => {
  const { central, ship1 } = await startFleet(t);
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
  await ship1.waitForFile('out/ship1/out.log', (content) => content === 'pieces\nmore\n');
  for (const garbage of ['{"toNode": ', '\0\0\0', '[1, 2]', 'just words', '[]']) {
    const { accepted, refused } = await submitTo(central.socketPath, garbage);
    assert.deepEqual(accepted, []);
    assert.ok((refused as unknown[]).length > 0, garbage);
  }
});

test('expiresIn ends a message on the sender when its target is away, and on the receiver when its turn comes late', async (t) => {
  const { central, ship1 } = await startFleet(t);
  const path = join(ship1.folder, 'fired');
  const [away] = await submitAll(central, {
    ...command(`echo away >> ${path}`),
    toNode: 'ship9',
    expiresIn: 1,
  });
  assert.equal((await waitForEnd(central, away!)).state, 'expired');

  // The first two keep the third from its turn until its time is over.
  const [first, , third] = await submitAll(central, [
    command('sleep 0.9'),
    command('sleep 0.9'),
    { ...command(`echo late >> ${path}`), expiresIn: 1 },
  ]);
  const row = await waitForEnd(central, third!);
  assert.equal(row.state, 'expired');
  assert.match(String(row.reason), /its turn/);
  assert.equal((await waitForEnd(central, first!)).state, 'succeeded');

  await ship1.kill();
  const [queued] = await submitAll(central, { ...command(`echo queued >> ${path}`), expiresIn: 2 });
  assert.equal((await waitForEnd(central, queued!)).state, 'expired');
  await ship1.start();
  const [last] = await submitAll(central, command(`echo last >> ${path}`));
  assert.equal((await waitForEnd(central, last!)).state, 'succeeded');
  assert.equal(await ship1.file('../fired'), 'last\n');
});

test('a command is queued, accepted, running and then at its end, in this order', async (t) => {
  const { central, ship1 } = await startFleet(t);
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
  // Each time is by the clock of the node where it happened.
  const [queued, accepted, started, ended] = [
    row.queued_at,
    row.accepted_at,
    row.started_at,
    row.ended_at,
  ].map(Number);
  assert.ok(queued! <= accepted!, JSON.stringify(row));
  assert.ok(ended! - started! >= 2000, JSON.stringify(row));
});

test('fault 5: a report corrects what was given up as undelivered because its answer was lost', async (t) => {
  const broker = await startBroker(t);
  const proxy = await startTcpProxy(broker, t);
  const central = await startStewardNode({ name: 'central', broker, flags: FAST_RECONNECT }, t);
  const ship1 = await startStewardNode({ name: 'ship1', broker: proxy, flags: FAST_RECONNECT }, t);
  await waitForEnd(central, (await submitAll(central, append('before\n')))[0]!);
  proxy.mute('toServer');
  const path = join(ship1.folder, 'runs');
  const [id] = await submitAll(central, {
    ...command(`echo run >> ${path}; exit 4`),
    retries: 2,
    ACKTimeout: 1,
  });
  await ship1.waitForFile('../runs');
  await waitForState(central, id!, 'undelivered');
  proxy.unmute();
  proxy.cut();
  const row = await waitForState(central, id!, 'failed', 15_000);
  assert.equal(row.exit_code, 4);
  assert.equal(await ship1.file('../runs'), 'run\n');
  await central.waitForFile('errorLog/errorCentral/error.log', (text) => /max retries reached/.test(text));
});

function append(text: string): Record<string, unknown> {
  return {
    toNode: 'ship1',
    method: 'REQToFileAppend',
    data: [text],
    directory: 'out',
    fileName: 'out.log',
    ACKTimeout: 1,
  };
}

function command(script: string): Record<string, unknown> {
  return {
    toNode: 'ship1',
    method: 'REQCliCommand',
    methodArgs: ['bash', '-c', script],
    replyMethod: 'REQNone',
    ACKTimeout: 1,
  };
}
