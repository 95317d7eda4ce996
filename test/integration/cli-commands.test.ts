import assert from 'node:assert/strict';
import { appendFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Broker, startBroker } from '../support/broker.ts';
import { FAST_RECONNECT, submitAll, waitForEnd, waitForState } from '../support/fleet.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { runCli, startCli } from '../support/steward-cli.ts';
import { waitFor } from '../support/wait-for.ts';

interface Fleet {
  readonly broker: Broker;
  readonly central: StewardNode;
  readonly ship1: StewardNode;
  readonly ship2: StewardNode;
  /** Types a command in central's folder. */
  steward(...args: readonly string[]): ReturnType<typeof runCli>;
}

/** Starts central and two ships, of which central has heard. */
async function startFleetOf3(t: TestContext): Promise<Fleet> {
  const broker = await startBroker(t);
  const flags = { ...FAST_RECONNECT, startPubREQHello: 1 };
  const start = (name: string, labels = '') =>
    startStewardNode({ name, broker, flags: { ...flags, ...(labels && { labels }) } }, t);
  const central = await start('central');
  const [ship1, ship2] = await Promise.all([start('ship1', 'region=north'), start('ship2', 'region=south')]);
  const steward = (...args: readonly string[]) => runCli(args, { folder: central.folder });
  await waitFor('central to know both ships', async () => {
    const known = lines((await steward('nodes', '--jsonl')).stdout);
    return known.filter(({ presence }) => presence === 'here').length === 3;
  });
  return { broker, central, ship1, ship2, steward };
}

function lines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('nodes and ping tell who is there, also by labels, and who is away', async (t) => {
  const { ship2, steward } = await startFleetOf3(t);
  const all = await steward('nodes');
  assert.match(all.stdout, /^NODE +PRESENCE +SEEN/);
  assert.match(all.stdout, /^ship1 +here .*region=north$/m);
  const north = await steward('nodes', '--json', 'region=north');
  assert.deepEqual(
    (JSON.parse(north.stdout) as { name: string }[]).map(({ name }) => name),
    ['ship1'],
  );

  const both = await steward('ping', 'ship*', '--jsonl');
  assert.equal(both.code, 0, both.stderr);
  assert.deepEqual(
    lines(both.stdout)
      .map(({ node, answers }) => [node, answers])
      .sort(),
    [
      ['ship1', true],
      ['ship2', true],
    ],
  );
  await ship2.kill();
  const one = await steward('ping', 'ship1', 'ship2', '--wait', '2s');
  assert.equal(one.code, 3, one.stderr);
  assert.match(one.stdout, /^ship1 {2}\d+(\.\d+)? m?s$/m);
  assert.match(one.stdout, /^ship2 {2}no answer, last seen .* ago$/m);
  await waitFor('ship2 to be away', async () => /^ship2 +away/m.test((await steward('nodes')).stdout));

  const nobody = await steward('ping', 'shp1');
  assert.equal(nobody.code, 4);
  assert.match(nobody.stderr, /^steward: .*shp1.*ship1/);
});

test('send takes files, refuses with field and reason, and sends nothing in a dry run', async (t) => {
  const { central, ship1, steward } = await startFleetOf3(t);
  const good = {
    toNode: 'ship1',
    method: 'REQToFileAppend',
    directory: 'notes',
    fileName: 'a.txt',
    data: ['one\n'],
  };
  const write = (name: string, value: unknown) =>
    writeFile(join(central.folder, name), JSON.stringify(value));
  await write('good.json', [good]);
  await write('mixed.json', [good, { ...good, method: 'REQNothing' }]);

  const dry = await steward('send', '--dry-run', 'mixed.json');
  assert.equal(dry.code, 1);
  assert.match(
    dry.stdout,
    /1 message for ship1 would be accepted\n {2}refused: message 1, method: .*REQNothing/,
  );

  const sent = await steward('send', 'good.json', '--label', 'a note');
  assert.equal(sent.code, 0, sent.stderr);
  const [, batch] = /^follow: steward watch (\S+)$/m.exec(sent.stdout) ?? [];
  await ship1.waitForFile('notes/ship1/a.txt', (text) => text === 'one\n');
  const batches = await steward('status', '--json', batch!);
  assert.match(batches.stdout, /"label": "a note"/);

  const missing = await steward('send', 'none.json');
  assert.deepEqual([missing.code, missing.stdout], [1, '']);
  assert.match(missing.stderr, /^steward: none\.json cannot be read: ENOENT/);
  assert.equal((await steward('send')).code, 1);
});

test('cancel ends what waits and what runs, and resend does it again', async (t) => {
  const { central, ship1, ship2, steward } = await startFleetOf3(t);
  await ship2.kill();
  const command = (toNode: string, script: string) => ({
    toNode,
    method: 'REQCliCommand',
    methodArgs: ['bash', '-c', script],
    methodTimeout: 60,
    replyMethod: 'REQNone',
  });
  const [running, waiting] = await submitAll(central, [
    command('ship1', 'sleep 100'),
    command('ship2', 'echo back'),
  ]);
  await waitForState(central, running!, 'running');
  const queue = await steward('queue', '--jsonl');
  assert.deepEqual(
    lines(queue.stdout).map(({ node, queued }) => [node, queued]),
    [['ship2', 1]],
  );
  const { batch } = central.query('SELECT batch FROM ledger WHERE id = ?', running!)[0]!;
  const cancelled = await steward('cancel', String(batch), '--json');
  const results = JSON.parse(cancelled.stdout) as { id: string; result: string }[];
  assert.deepEqual(
    new Map(results.map(({ id, result }) => [id, result])),
    new Map([
      [running, 'asked'],
      [waiting, 'cancelled'],
    ]),
  );
  assert.equal((await waitForEnd(central, running!)).state, 'cancelled');
  assert.equal((await steward('cancel', running!)).stdout, `${running}: it had ended before\n`);

  await ship2.start();
  const again = await steward('resend', waiting!);
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stdout, /^1 sent again: ship2\nfollow: steward watch /);
  const isDone = () =>
    central.query("SELECT 1 FROM ledger WHERE state = 'succeeded' AND id > ?", waiting!).length > 0;
  await waitFor('the second request to succeed', isDone);
  assert.match((await steward('resend', String(batch))).stderr, /is a batch: say what of it/);
  assert.equal((await steward('cancel', '0000')).code, 1);
  assert.equal(ship1.program.exit, undefined);
});

test('tail prints what is added to a file until it is stopped, and ends there too', async (t) => {
  const { central, ship1, ship2 } = await startFleetOf3(t);
  for (const ship of [ship1, ship2]) await writeFile(join(ship.folder, 'engine.log'), 'old\n');
  await mkdir(join(central.folder, 'x'), { recursive: true });
  const same = join(ship1.folder, 'engine.log');
  const tail = await startCli(t, ['tail', 'ship1', same], { folder: central.folder });
  await waitFor('the first line', async () => {
    if (!tail.stdout.includes('begin\n')) await appendFile(same, 'begin\n');
    return tail.stdout.includes('begin\n');
  });
  await appendFile(same, 'läuft\nend\n');
  await waitFor('the last line', () => tail.stdout.endsWith('läuft\nend\n'));
  assert.doesNotMatch(tail.stdout, /old|\[ship1\]/);
  tail.signal('SIGINT');
  await waitFor('tail to end', () => tail.exit !== undefined);
  assert.equal(tail.exit?.code, 0, tail.stderr);
  const open = () => ship1.query("SELECT 1 FROM journal WHERE state IN ('accepted', 'running')").length;
  await waitFor('ship1 to follow no longer', () => open() === 0);
});

test('cp copies to nodes and from them, and says what went wrong', async (t) => {
  const { central, ship1, ship2, steward } = await startFleetOf3(t);
  const content = Buffer.alloc(700_000, 'steward ');
  await writeFile(join(central.folder, 'firmware.bin'), content);
  const target = join(ship1.folder, 'opt/firmware.bin');
  const there = await steward('cp', 'firmware.bin', `ship1:${target}`);
  assert.equal(there.code, 0, there.stderr);
  assert.match(there.stdout, /^ship1 {2}copied in /);
  assert.ok(content.equals(await readFile(target)));

  for (const [ship, text] of [
    [ship1, 'one'],
    [ship2, 'two'],
  ] as const)
    await writeFile(join(ship.folder, 'app.log'), text);
  const shared = join(ship1.folder, 'app.log');
  const back = await steward('cp', `ship1:${shared}`, 'logs/');
  assert.equal(back.code, 0, back.stderr);
  assert.equal(await readFile(join(central.folder, 'logs/app.log'), 'utf8'), 'one');

  const both = await steward('cp', 'ship*:/etc/hostname', 'names/', '--jsonl');
  assert.equal(both.code, 0, both.stderr);
  for (const ship of ['ship1', 'ship2'])
    assert.ok((await stat(join(central.folder, 'names', ship, 'hostname'))).isFile());

  const failed = await steward('cp', `ship2:${join(ship2.folder, 'none')}`, './');
  assert.equal(failed.code, 2);
  assert.match(failed.stdout, /^ship2 {2}failed: .*none/);
  assert.equal((await steward('cp', 'a', 'b')).code, 1);
});

test('get prints a page as a node sees it, and ps its processes', async (t) => {
  const { steward } = await startFleetOf3(t);
  const page = `page ${'x'.repeat(200_000)}\n`;
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/page' ? 200 : 404).end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const found = await steward('get', `http://127.0.0.1:${port}/page`, 'on', 'ship1');
  assert.equal(found.code, 0, found.stderr);
  assert.ok(found.stdout === page);
  const both = await steward('get', `http://127.0.0.1:${port}/page`, 'on', 'ship*', '--jsonl');
  assert.deepEqual(
    lines(both.stdout).map((one) => [one.state, one.page === page]),
    [
      ['succeeded', true],
      ['succeeded', true],
    ],
  );
  const lost = await steward('get', `http://127.0.0.1:${port}/none`, 'on', 'ship1');
  assert.equal(lost.code, 2);
  assert.match(lost.stderr, /ship1: failed: .*404/);

  const own = await steward('ps');
  assert.match(own.stdout, /subscriber +running .*central\.REQCliCommand\.CommandACK/);
  const others = await steward('ps', 'ship1', '--jsonl');
  assert.equal(others.code, 0, others.stderr);
  assert.ok(lines(others.stdout).some(({ name }) => name === 'ship1.REQCliCommand.CommandACK'));
});

test('errors and audit show what went wrong and what ended', async (t) => {
  const { central, steward } = await startFleetOf3(t);
  const follow = await startCli(t, ['errors', '-f', '--jsonl', '-n', '1'], { folder: central.folder });
  const message = { toNode: 'ship1', method: 'REQCliCommand', methodArgs: ['false'], replyMethod: 'REQNone' };
  const [id] = await submitAll(central, [message]);
  assert.equal((await waitForEnd(central, id!)).state, 'failed');
  await waitFor('the error', () => lines(follow.stdout).some(({ node }) => node === 'ship1'));
  assert.match((await steward('errors', '--node', 'ship1')).stdout, /ship1.*exit status 1/);
  const audit = await steward('audit', '--node', 'ship1', '--state', 'failed');
  assert.match(audit.stdout, /ship1 +failed +REQCliCommand +false/);
  const entries = lines((await steward('audit', '--jsonl', '--text', id!)).stdout);
  assert.deepEqual(
    entries.map((entry) => entry.id),
    [id],
  );
  assert.match((await steward('audit', '--since', 'soon')).stderr, /--since "soon" is no time/);
});

test('where no node runs, a command says where it looked and what to do', async (t) => {
  const { central, steward } = await startFleetOf3(t);
  await central.stop();
  const { code, stdout, stderr } = await steward('nodes');
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, /^steward: [^\n]*stew\.sock[^\n]*\n$/);
});
