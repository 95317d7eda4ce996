import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFile, chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { ApiClient } from '../../src/client/api-client.ts';
import type { LinkAnswer } from '../../src/contract/link.ts';
import { type Broker, startBroker } from '../support/broker.ts';
import { type CliResult, callSteward } from '../support/cli-call.ts';
import { FAST_RECONNECT, submitAll, waitForEnd, waitForState } from '../support/fleet.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { shared } from '../support/shared.ts';
import { startCli } from '../support/steward-cli.ts';
import { waitFor } from '../support/wait-for.ts';

interface Fleet {
  readonly broker: Broker;
  readonly central: StewardNode;
  readonly ship1: StewardNode;
  readonly ship2: StewardNode;
  /** The nodes that are here, or away, as central knows them. */
  nodesThatAre(presence: 'here' | 'away'): Promise<unknown[]>;
  /** Types a command in central's folder, which runs within this process. */
  steward(...args: readonly string[]): Promise<CliResult>;
}

const fleet = shared(async (scope) => {
  const broker = await startBroker(scope);
  const flags = { ...FAST_RECONNECT, startPubREQHello: 1 };
  const start = (name: string, labels = '') =>
    startStewardNode({ name, broker, flags: { ...flags, ...(labels && { labels }) } }, scope);
  const central = await start('central');
  const [ship1, ship2] = await Promise.all([start('ship1', 'region=north'), start('ship2', 'region=south')]);
  return { broker, central, ship1, ship2 };
});

/** Central and two ships that central knows to be there. */
async function startFleetOf3(): Promise<Fleet> {
  const { broker, central, ship1, ship2 } = await fleet();
  const socketPath = join(central.folder, 'tmp/stew.sock');
  const nodesThatAre = async (wanted: string) => {
    const known = lines((await callSteward(['nodes', '--jsonl'], { socketPath })).stdout);
    return known.filter(({ presence }) => presence === wanted).map(({ name }) => name);
  };
  await waitFor('central to know both ships', async () => (await nodesThatAre('here')).length === 3);
  process.chdir(central.folder);
  const steward = (...args: readonly string[]) => callSteward(args);
  return { broker, central, ship1, ship2, nodesThatAre, steward };
}

function lines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('nodes and ping tell who is there, also by labels, and who is away', async () => {
  const { central, ship2, nodesThatAre, steward } = await startFleetOf3();
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
  const link = JSON.parse((await steward('nodes', '--link', '--json', 'ship*')).stdout) as LinkAnswer;
  assert.deepEqual(
    link.nodes.map(({ node, presence }) => `${node} ${presence}`),
    ['ship1 here', 'ship2 here'],
  );
  assert.ok(link.sent.urgent > 0 && link.outBytes > link.sent.urgent && link.inBytes > 0);
  assert.match((await steward('nodes', '--link')).stdout, /^hellos: one every 1\.0 s, [\d.]+ MB a day$/m);
  await using api = new ApiClient({ socketPath: join(central.folder, 'tmp/stew.sock') });
  await waitFor('ship1 to tell of its link', async () => (await api.linkDays({ node: 'ship1' })).length > 0);
  const [own, told] = [await api.linkDays(), await api.linkDays({ node: 'ship1' })];
  assert.ok(own[0]!.sent!.urgent > 0 && own[0]!.inBytes >= link.inBytes);
  assert.ok(told[0]!.inBytes > 0 && told[0]!.outBytes > 0 && told[0]!.sent === null);
  await ship2.kill();
  const one = await steward('ping', 'ship1', 'ship2', '--wait', '2s');
  assert.equal(one.code, 3, one.stderr);
  assert.match(one.stdout, /^ship1 {2}\d+(\.\d+)? m?s$/m);
  assert.match(one.stdout, /^ship2 {2}no answer, last seen .* ago$/m);
  await waitFor('ship2 to be away', async () => (await nodesThatAre('away')).includes('ship2'));
  assert.match((await steward('nodes')).stdout, /^ship2 +away/m);

  const nobody = await steward('ping', 'shp1');
  assert.equal(nobody.code, 4);
  assert.match(nobody.stderr, /^steward: .*shp1.*ship1/);
});

test('send takes files, refuses with field and reason, and sends nothing in a dry run', async () => {
  const { central, ship1, steward } = await startFleetOf3();
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

test('cancel ends what waits and what runs, and resend does it again', async () => {
  const { central, ship1, ship2, steward } = await startFleetOf3();
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
  const { central, ship1, ship2 } = await startFleetOf3();
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

test('cp copies to nodes and from them, and says what went wrong', async () => {
  const { central, ship1, ship2, steward } = await startFleetOf3();
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
  const { steward } = await startFleetOf3();
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
  const { central, steward } = await startFleetOf3();
  const follow = await startCli(t, ['errors', '-f', '--jsonl', '-n', '1'], { folder: central.folder });
  const message = {
    toNode: 'ship1',
    method: 'REQCliCommand',
    methodArgs: ['sh', '-c', 'exit 9'],
    replyMethod: 'REQNone',
  };
  const [id] = await submitAll(central, [message]);
  assert.equal((await waitForEnd(central, id!)).state, 'failed');
  await waitFor('the error', () => /"ship1".*exit status 9/.test(follow.stdout));
  assert.match((await steward('errors', '--node', 'ship1')).stdout, /ship1.*exit status 9/);
  const audit = await steward('audit', '--node', 'ship1', '--state', 'failed');
  assert.match(audit.stdout, /ship1 +failed +REQCliCommand +sh -c exit 9/);
  const entries = lines((await steward('audit', '--jsonl', '--text', id!)).stdout);
  assert.deepEqual(
    entries.map((entry) => entry.id),
    [id],
  );
  assert.match((await steward('audit', '--since', 'soon')).stderr, /--since "soon" is no time/);
});

test('where no node runs, a command says where it looked and what to do', async () => {
  const { central, steward } = await startFleetOf3();
  await central.stop();
  const { code, stdout, stderr } = await steward('nodes');
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, /^steward: [^\n]*stew\.sock[^\n]*\n$/);
});

test('what a node says of itself and of its files leads no copy out of its folder, and reaches no terminal', async (t) => {
  const { broker, central, ship1, nodesThatAre, steward } = await startFleetOf3();
  // Whoever has root on a node decides what its sh prints, and what its labels are.
  const folder = join(ship1.folder, 'stolen');
  await mkdir(folder);
  await writeFile(join(folder, 'app.log'), 'stolen');
  await writeFile(
    join(folder, 'sh'),
    `#!/bin/bash\nprintf '%s\\0' ${folder}/a.log "$(cat ${join(folder, 'named')})"\n`,
  );
  await chmod(join(folder, 'sh'), 0o755);
  const flags = { startPubREQHello: 1, labels: 'place=../../owned' };
  const env = { PATH: `${folder}:${process.env.PATH}` };
  await startStewardNode({ name: 'stolen', broker, flags, env }, t);
  await waitFor('it to be here', async () => (await nodesThatAre('here')).includes('stolen'));
  for (const named of [
    `../../../../../../../../..${central.folder}/owned`,
    ...['.ssh/authorized_keys', '.bash.log', 'owned', 'a.log/../../../owned', 'owned/a.log'],
  ]) {
    await writeFile(join(folder, 'named'), `${folder}/${named}`);
    const several = await steward('cp', `stolen:${folder}/*.log`, './');
    assert.match(several.stderr, /stolen names a file that \/.*\/\*\.log does not mean: "/, named);
  }
  await writeFile(join(central.folder, 'secret'), 'secret');
  for (const args of [
    [`stolen:${folder}/app.log`, 'got/{{label.place}}'],
    ['got/{{label.place}}', `stolen:${folder}/taken`],
    [`stolen:${folder}/{{label.place}}`, 'got/'],
  ])
    assert.match(
      (await steward('cp', '--template', ...args)).stderr,
      /{{label\.place}} is "\.\.\/\.\.\/owned" at stolen, which is no name of a file here/,
      args.join(' '),
    );
  await assert.rejects(stat(join(central.folder, 'owned')), { code: 'ENOENT' });

  // A name may hold a line feed, and then names no other file.
  await writeFile(join(folder, 'a\nb.conf'), 'odd');
  await writeFile(join(folder, 'ü[1.conf'), 'odd');
  const odd = await steward('cp', `ship1:${folder}/[!z]?*[[:digit:]b].c\\onf`, 'odd/');
  assert.equal(odd.code, 0, odd.stderr);
  assert.deepEqual(await readdir(join(central.folder, 'odd')), ['a\nb.conf', 'ü[1.conf']);
  await writeFile(join(folder, 'e\u001b[2J\u0007.txt'), 'x');
  const shown = await steward('cp', `ship1:${folder}/*.txt`, 'got/');
  assert.match(shown.stdout, /e\\x1b\[2J\\x07\.txt +copied/);
});

test('cp takes folders, several files and patterns, shows what it would do, and leaves copies for who is away', async () => {
  const { central, ship1, ship2, nodesThatAre, steward } = await startFleetOf3();
  const here = (...path: string[]) => join(central.folder, ...path);
  await mkdir(here('conf/sub'), { recursive: true });
  await writeFile(here('conf/a.conf'), 'a');
  await writeFile(here('conf/sub/b.conf'), 'b');
  await writeFile(here('one.txt'), 'one');
  await writeFile(here('ship1:odd'), 'odd');
  const there = (ship: StewardNode, ...path: string[]) => join(ship.folder, ...path);

  const dry = await steward('cp', '--dry-run', 'conf', 'one.txt', `ship1:${ship1.folder}/in/`);
  assert.equal(dry.code, 0, dry.stderr);
  assert.match(dry.stdout, /\/in\/conf\/sub\/b\.conf\n/);
  assert.match(
    dry.stdout,
    /3 copies, about [\d.]+ kB over the link as samples of the files compress; nothing was copied/,
  );
  await assert.rejects(stat(there(ship1, 'in')), { code: 'ENOENT' });
  await writeFile(here('large'), randomBytes(20_000));
  const relayed = ['cp', '--dry-run', '--json', '--via', 'central', 'large', `ship*:${ship1.folder}/in/`];
  const costs = JSON.parse((await steward(...relayed)).stdout) as { bytes: number }[];
  assert.deepEqual(
    costs.map(({ bytes }) => bytes),
    [21_000, 1000],
    'the node that relays keeps it for the second one',
  );

  const put = await steward('cp', 'conf', 'one.txt', `ship1:${ship1.folder}/in/`);
  assert.equal(put.code, 0, put.stderr);
  assert.equal(await readFile(there(ship1, 'in/conf/sub/b.conf'), 'utf8'), 'b');
  assert.equal(await readFile(there(ship1, 'in/one.txt'), 'utf8'), 'one');
  const renamed = await steward('cp', 'conf', `ship1:${ship1.folder}/other`);
  assert.equal(renamed.code, 0, renamed.stderr);
  assert.equal(await readFile(there(ship1, 'other/sub/b.conf'), 'utf8'), 'b');

  const got = await steward(
    'cp',
    `ship1:${ship1.folder}/in/conf/*.conf`,
    `ship1:${ship1.folder}/in/conf/`,
    'back/',
  );
  assert.equal(got.code, 0, got.stderr);
  assert.equal(await readFile(here('back/a.conf'), 'utf8'), 'a');
  assert.equal(await readFile(here('back/conf/sub/b.conf'), 'utf8'), 'b');
  const whole = await steward('cp', `ship1:${ship1.folder}/in/*`, 'all/');
  assert.equal(whole.code, 0, whole.stderr);
  assert.equal(await readFile(here('all/conf/sub/b.conf'), 'utf8'), 'b');
  assert.equal(await readFile(here('all/one.txt'), 'utf8'), 'one');
  await mkdir(here('second'));
  await writeFile(here('second/one.txt'), 'two');
  for (const args of [
    ['one.txt', 'second/one.txt', `ship1:${ship1.folder}/in/`],
    [`ship1:${ship1.folder}/in/one.txt`, `ship1:${ship1.folder}/in/on*`, 'all/'],
  ]) {
    const twice = await steward('cp', ...args);
    assert.equal(twice.code, 1);
    assert.match(twice.stderr, /one\.txt and \S+one\.txt would both become \S+one\.txt: copy them one after/);
  }
  const template = await steward(
    'cp',
    '--template',
    'one.txt',
    `ship1:${ship1.folder}/{{node}}-{{label.region}}.txt`,
  );
  assert.equal(template.code, 0, template.stderr);
  assert.equal(await readFile(there(ship1, 'ship1-north.txt'), 'utf8'), 'one');

  const odd = await steward('cp', 'ship1:odd', `ship1:${ship1.folder}/`);
  assert.match(
    odd.stderr,
    /write the path on the node from its root, .* or \.\/ before the name of a file here/,
  );
  assert.match(
    (await steward('cp', '-', 'ship1:/x')).stderr,
    /cp takes files: for standard input, steward exec/,
  );

  await ship2.kill();
  await waitFor('ship2 to be away', async () => (await nodesThatAre('away')).includes('ship2'));
  const left = await steward('cp', 'one.txt', `ship*:${ship1.folder}/late.txt`);
  assert.equal(left.code, 3, left.stderr);
  assert.match(left.stderr, /^steward: waiting for ship2, away since /);
  assert.match(
    left.stderr,
    /1 copy for ship2 still to come\npick it up again: steward watch \S+\ncall it off: +steward cancel/,
  );
});

test('tail begins with the last lines, and says that a file is not there', async (t) => {
  const { central, ship1 } = await startFleetOf3();
  const log = join(ship1.folder, 'some.log');
  await writeFile(log, Array.from({ length: 50 }, (_, line) => `line ${line}\n`).join(''));
  const last = await startCli(t, ['tail', '-n', '3', 'ship1', log], { folder: central.folder });
  await waitFor('the last lines', () => last.stdout.endsWith('line 49\n'));
  await appendFile(log, 'one more\n');
  await waitFor('what is added', () => last.stdout.endsWith('one more\n'));
  assert.equal(last.stdout, 'line 47\nline 48\nline 49\none more\n');
  last.signal('SIGINT');
  assert.equal((await last.exited).code, 0);

  const missing = await startCli(t, ['tail', 'ship1', `${log}.none`], { folder: central.folder });
  await waitFor('what is missing', () =>
    /some\.log\.none does not exist yet, and is waited for/.test(missing.stderr),
  );
  await writeFile(`${log}.none`, 'there now\n');
  await waitFor('its first line', () => missing.stdout === 'there now\n');
  missing.signal('SIGINT');
  await missing.exited;
});
