import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { callSteward } from '../support/cli-call.ts';
import { submitAll, waitForEnd } from '../support/fleet.ts';
import { startKeyedBroker } from '../support/keyed-fleet.ts';
import { landedVersions } from '../support/landed.ts';
import type { StewardNode } from '../support/node.ts';
import { waitFor } from '../support/wait-for.ts';

/** Runs `steward trust` at a node. */
function trust(node: StewardNode, ...words: string[]) {
  return callSteward(['trust', ...words], { socketPath: join(node.folder, 'tmp/stew.sock') });
}

/** Has central ask a ship for something, and hands back how that ended and what came. */
async function ask(central: StewardNode, ship: string, word: string): Promise<string> {
  const [id] = await submitAll(central, {
    ...{ toNode: ship, method: 'REQCliCommand', methodArgs: ['echo', word] },
    ...{ replyMethod: 'REQToFile', directory: 'walk', fileName: `${ship}-${word}` },
  });
  const { state } = await waitForEnd(central, id!);
  return `${state} ${(await central.waitForFile(`walk/${ship}/${ship}-${word}`)).trim()}`;
}

test('a fleet with a node of version 0.1 goes from open to closed and back, and everything is answered on each step', async (t) => {
  const fleet = await startKeyedBroker(t, { nodes: ['ship1', 'ship2'] });
  const old = landedVersions().find(({ name }) => name === '0.1')!;
  const hello = { startPubREQHello: 1 };
  const central = await fleet.start('central');
  const ship1 = await fleet.start('ship1', hello);
  await fleet.start('ship2', hello, old.command);
  const both = async (word: string) => {
    for (const ship of ['ship1', 'ship2']) assert.equal(await ask(central, ship, word), `succeeded ${word}`);
  };
  const known = "SELECT name FROM nodes WHERE name IN ('ship1', 'ship2')";
  await waitFor('both ships', () => central.query(known).length === 2);
  await both('open');
  const early = await trust(central, 'close');
  assert.match(early.stderr, /is open: let it watch first \(steward trust watch, then start it again\)/);

  assert.match((await trust(central, 'watch')).stdout, /central is watch/);
  await central.restart();
  await both('watch');
  await waitFor('what would be refused', async () =>
    /ship2 .*not proved/.test((await trust(central)).stdout),
  );
  await waitFor('ship1 to prove itself', async () =>
    /1 node did not prove .*: ship2 \(0\.1/.test((await trust(central, 'close')).stderr),
  );
  assert.match((await trust(central, 'close', '--allow', 'ship2')).stdout, /central is closed/);
  await central.restart();
  await both('closed');
  const listed = await callSteward(['nodes'], { socketPath: join(central.folder, 'tmp/stew.sock') });
  assert.match(listed.stdout, /ship2 .*\(trusted without proof\)/);
  assert.doesNotMatch(listed.stdout, /ship1 .*\(/);

  await trust(ship1, 'watch');
  await ship1.restart();
  await both('ship-watch');
  await waitFor('central to prove itself', async () => (await trust(ship1, 'close')).code === 0);
  await ship1.restart();
  await both('ship-closed');

  for (const node of [ship1, central]) {
    assert.match((await trust(node, 'open')).stdout, /is open/);
    await node.restart();
  }
  await both('open-again');
});

test('a node that watches, and starts anew behind the permissions of a closed fleet, goes on to report and becomes closed', async (t) => {
  const fleet = await startKeyedBroker(t, { nodes: ['ship1'], trust: 'closed' });
  const central = await fleet.start('central', { trust: 'watch' });
  const ship1 = await fleet.start('ship1', { trust: 'watch' });
  for (const word of ['watch', 'again']) assert.equal(await ask(central, 'ship1', word), `succeeded ${word}`);
  await waitFor('central to prove itself', async () => (await trust(ship1, 'close')).code === 0);
});
