import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestScope } from '../support/dispose-after.ts';
import { startFleet, submitAll, waitForEnd, waitForState } from '../support/fleet.ts';
import { type StewardNode, startStewardNode, stewardCommand } from '../support/node.ts';
import { apiOf } from '../support/node-api.ts';
import { shared } from '../support/shared.ts';
import { openTerminal, type TmuxTerminal } from '../support/tmux.ts';
import { waitFor } from '../support/wait-for.ts';

const SIZES = [
  { columns: 80, rows: 24 },
  { columns: 200, rows: 50 },
] as const;

/** A fleet of central and ship1, and ship2 which is down: central knows it, and something waits for it. */
async function startFleetAtSea(scope: TestScope) {
  const flags = { startPubREQHello: 1 };
  const { broker, central, ship1 } = await startFleet(scope, { shipFlags: flags });
  const ship2 = await startStewardNode({ name: 'ship2', broker, flags }, scope);
  const api = apiOf(central, scope);
  await waitFor('central to know all', async () => (await api.nodes()).length === 3);
  await ship2.kill();
  const [waiting] = await submitAll(central, { toNode: 'ship2', method: 'REQPing', replyMethod: 'REQNone' });
  await waitFor('ship2 to be away', async () =>
    (await api.nodes()).some(({ name, presence }) => name === 'ship2' && presence === 'away'),
  );
  return { central, ship1, ship2, api, waiting: waiting! };
}

/** Such a fleet for the tests that change nothing that others look at; its ship2 stays down. */
const sharedFleetAtSea = shared(async (scope) => {
  const { central, ship1 } = await startFleetAtSea(scope);
  return { central, ship1 };
});

/** Types `stew` into a terminal, as an operator in a node's folder does. */
async function openStew(
  scope: TestScope,
  node: StewardNode,
  options: { columns?: number; rows?: number; env?: Record<string, string>; args?: string } = {},
): Promise<TmuxTerminal> {
  const terminal = await openTerminal(scope, { cwd: node.folder, ...options });
  await terminal.type(`${stewardCommand().join(' ')} stew ${options.args ?? ''}`);
  await terminal.keys('Enter');
  await terminal.waitFor(/NODE +PRESENCE[\s\S]*ship2/);
  return terminal;
}

for (const size of SIZES) {
  test(`at ${size.columns}x${size.rows} a command is made, sent and read without leaving the screen`, async (t) => {
    const { central } = await sharedFleetAtSea();
    const terminal = await openStew(t, central, size);
    const list = await terminal.waitFor(/ship2 .*away/);
    assert.match(list, /▸ central +● here/);
    assert.match(list, / ship1 +● here/);
    assert.match(list, /ship2 +○ away .* 1 /);
    assert.equal(list.split('\n').length - 1, size.rows, 'the screen is filled to its last row');

    await terminal.keys('j', 'n');
    await terminal.waitFor(/New message[\s\S]*ship1 is here/);
    await terminal.keys('Enter');
    await terminal.waitFor(/What shall the nodes do\?/);
    await terminal.type('clicommand');
    await terminal.waitFor(/▸ REQCliCommand /);
    await terminal.keys('Enter');
    await terminal.waitFor(/▸ (program|command)/);
    await terminal.type('bash');
    await terminal.keys('Tab');
    await terminal.type(`-c 'printf "one\\ntwo \\033[2J\\007 東京\\n"; echo trouble >&2; exit 3'`);
    const form = await terminal.waitFor(/the node would take it/);
    assert.match(form, /"toNode": "ship1"/);
    assert.match(form, /"methodArgs": \[[\s\S]*"bash",/);

    await terminal.keys('C-s');
    await terminal.waitFor(
      /Batch REQCliCommand bash[\s\S]*ship1 +(REQCliCommand +)?printf "one.* failed +(1 +)?exit 3/,
    );
    await terminal.keys('Enter');
    const timeline = await terminal.waitFor(/timeline[\s\S]*queued[\s\S]*accepted[\s\S]*failed/);
    assert.match(timeline, /failed {2}REQCliCommand on ship1 {2}exit 3, took/);
    await terminal.keys('o');
    const output = await terminal.waitFor(/^ {2}one$/m);
    assert.match(
      output,
      /^ {2}two \^G 東京$/m,
      'what could move the cursor or ring the bell is shown as text',
    );
    await terminal.keys('o');
    await terminal.waitFor(/^ {2}trouble$/m);
  });
}

test('a request that waits for a node at sea is found by a filter and cancelled', async (t) => {
  const { central, waiting } = await startFleetAtSea(t);
  await submitAll(central, { toNode: 'ship1', method: 'REQPing', replyMethod: 'REQNone' });
  const terminal = await openStew(t, central);
  await terminal.keys('2');
  await terminal.waitFor(/ship1 +(REQPing +){2}succeeded/);
  await terminal.keys('/');
  await terminal.type('state:open node:ship*');
  await terminal.waitFor(
    (screen) => /ship2 +(REQPing +){2}(queued|sent)/.test(screen) && !/ship1 /.test(screen),
  );
  await terminal.keys('Enter', 'c');
  const question = await terminal.waitFor(/Cancel this request\?/);
  assert.match(question, /REQPing on ship2, (queued|sent)/);
  await terminal.keys('y');
  await terminal.waitFor(
    (screen) => !/ship2 +REQPing/.test(screen) && /nothing fits the filter/.test(screen),
  );
  assert.equal((await waitForEnd(central, waiting)).state, 'cancelled');
});

test('lists follow what happens elsewhere, and a request is followed while it runs', async (t) => {
  const { central } = await startFleetAtSea(t);
  const terminal = await openStew(t, central);
  await terminal.keys('2');
  await terminal.waitFor(/ship2 +REQPing/);
  const script = 'echo begun; while [ ! -e go ]; do sleep 0.05; done; echo ended';
  const command = { toNode: 'ship1', method: 'REQCliCommand', methodArgs: ['sh', '-c', script] };
  const [id] = await submitAll(central, {
    ...command,
    output: 'live',
    replyMethod: 'REQNone',
    methodTimeout: 60,
  });
  await terminal.waitFor(/▸ .*ship1 +(REQCliCommand +)?echo begun.* running/);
  await terminal.keys('Enter', 'o');
  await terminal.waitFor(/^ {2}begun$/m);
  await submitAll(central, { ...command, methodArgs: ['touch', 'go'], replyMethod: 'REQNone' });
  await terminal.waitFor(/^ {2}ended$/m);
  await terminal.waitFor(/succeeded {2}REQCliCommand on ship1/);
  await waitForState(central, id!, 'succeeded');
});

test('a node that is killed is shown as gone, and all goes on when it is back', async (t) => {
  const { central } = await startFleetAtSea(t);
  const terminal = await openStew(t, central);
  await terminal.waitFor(/central \d\d:\d\d ●/);
  await central.kill();
  const lost = await terminal.waitFor(/central gone for/);
  assert.match(lost, /trying again: /);
  assert.match(lost, /ship1 +● here/, 'what was known is still there to read');
  await central.start();
  await terminal.waitFor(/central \d\d:\d\d ●/, 30_000);
  await terminal.keys('j', 'p');
  await terminal.waitFor(/Batch REQPing[\s\S]*ship1 +(REQPing +){2}succeeded/, 30_000);
});

test('the window may change its size at any time', async (t) => {
  const { central } = await sharedFleetAtSea();
  const terminal = await openStew(t, central);
  const isFilled = (columns: number, rows: number) => (screen: string) => {
    const lines = screen.split('\n').slice(0, -1);
    return (
      lines.length === rows &&
      lines.every((line) => [...line].length <= columns) &&
      /PRESENCE[\s\S]*q quit\n$/.test(screen)
    );
  };
  for (const [columns, rows] of [
    [200, 50],
    [100, 30],
    [60, 14],
    [80, 24],
  ] as const) {
    await terminal.resize(columns, rows);
    const screen = await terminal.waitFor(isFilled(columns, rows));
    assert.equal(screen.match(/PRESENCE/g)?.length, 1, `nothing of the old size is left:\n${screen}`);
    assert.match(screen, /ship2/);
  }
  await terminal.resize(40, 10);
  await terminal.waitFor(/^stew needs 60x14\nthis is 40x10\n/);
  await terminal.resize(80, 24);
  await terminal.waitFor(isFilled(80, 24));
});

test('templates come from a folder, fill the form, and a message is saved as one', async (t) => {
  const { central } = await sharedFleetAtSea();
  const terminal = await openStew(t, central);
  await terminal.keys('n');
  await terminal.waitFor(/New message/);
  await terminal.keys('Enter');
  await terminal.type('ping');
  await terminal.waitFor(/▸ REQPing/);
  await terminal.keys('Enter');
  await terminal.waitFor(/the node would take it/);
  await terminal.keys('C-o', 'C-u');
  await terminal.type('morning ping');
  await terminal.keys('Enter');
  await terminal.waitFor(/saved as .*morning ping\.json/);
  await terminal.keys('Escape');
  await terminal.waitFor(/NODE +PRESENCE/);
  await terminal.keys('t');
  await terminal.waitFor(/▸ +morning ping +central +REQPing/);
  await terminal.keys('Enter');
  await terminal.waitFor(/New message[\s\S]*central is here[\s\S]*the node would take it/);
  await terminal.keys('Enter');
  await terminal.waitFor(/Batch REQPing[\s\S]*central +(REQPing +){2}succeeded/);
});

test('help tells the keys of the screen, the same on every terminal of 80x24', async (t) => {
  const { central } = await sharedFleetAtSea();
  const terminal = await openStew(t, central);
  await terminal.keys('?');
  const screen = await terminal.waitFor(/Keys of this screen/);
  assert.deepEqual(screen.split('\n').slice(2, 22), [
    ' Keys of this screen',
    '  ↑↓ j k         move; page up and down, g and G or home and end go far',
    "  enter          the node's page: its requests and queues",
    '  space          mark the node, or take its mark off',
    '  a              mark all nodes that are shown, or take all marks off',
    '  /              filter while typing; enter keeps the filter, esc drops it',
    '  n              a message to the marked nodes, or to the one under the cursor',
    '  p              ping the marked nodes, or the one under the cursor',
    '  ?              all keys of this screen',
    '  q              leave; in a screen that was opened: go back',
    '  esc            go back, or drop the filter and the marks',
    '  1-5            go to the nodes, requests, batches, queues, errors',
    '  tab            the next of these, shift+tab the one before',
    '  t              message templates',
    '  ctrl+l         draw the screen again',
    '  ctrl+z         back to the shell for a while; fg returns',
    '  ctrl+c         leave at once',
    '',
    ' States of a request',
    '  queued, sent: it waits here for its node, or its node has not answered yet',
  ]);
  await terminal.keys('x');
  await terminal.waitFor(/NODE +PRESENCE/);
});

test('colours are there, and with NO_COLOR they are not', async (t) => {
  const { central } = await sharedFleetAtSea();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences that set a colour are what is looked for.
  const colour = /\u001B\[(?:\d+;)*(?:3[1-7]|9[0-7])m/;
  const coloured = await openStew(t, central);
  assert.match(await coloured.colours(), colour);
  const plain = await openStew(t, central, { env: { NO_COLOR: '1' } });
  assert.doesNotMatch(await plain.colours(), colour);
});

test('stew finds the node by --socket, and templates by --templates', async (t) => {
  const { central } = await sharedFleetAtSea();
  const socket = join(central.folder, 'tmp/stew.sock');
  const args = `--socket ${socket} --templates /nowhere/templates`;
  const terminal = await openStew(t, central, { args, env: { LC_ALL: 'C' } });
  assert.match(await terminal.screen(), /> central +\* here/, 'marks are ASCII where the locale is');
  await terminal.keys('t');
  await terminal.waitFor(/no message files in \/nowhere\/templates/);
});
