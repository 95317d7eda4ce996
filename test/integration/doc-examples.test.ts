import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { type DocumentedMessage, documentedMessages } from '../support/documentation.ts';
import { freePort } from '../support/free-port.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { waitFor } from '../support/wait-for.ts';

/** These come first, or the op methods have nothing to start again. */
const FIRST = /REQOpProcessStop/;

test('every message that the documentation shows is taken, and ends as the page says', async (t) => {
  const broker = await startBroker(t);
  const central = await startStewardNode({ name: 'central', broker, flags: { startSubREQRelay: true } }, t);
  const metrics = `127.0.0.1:${await freePort()}`;
  const flags = { promHostAndPort: metrics, startupFolder: './startup' };
  const ship1 = await startStewardNode({ name: 'ship1', broker, flags }, t);
  await startStewardNode({ name: 'ship2', broker }, t);
  await listenAt(join(central.folder, 'tmp/display.sock'), t);
  const messages = documentedMessages().map((message) => {
    return { ...message, text: message.text.replaceAll('127.0.0.1:2112', metrics) };
  });
  assert.ok(messages.length > 20, `only ${messages.length} messages were found`);
  const starters = messages.filter(
    ({ text }) => text.includes('"REQOpProcessStart"') && !isRefusedStart(text),
  );
  const stoppers = messages.filter(({ text }) => FIRST.test(text));
  for (const [index, stopper] of stoppers.entries()) {
    await t.test(stopper.place, () => check(stopper, central));
    const starter = starters[index];
    if (starter) await t.test(starter.place, () => check(starter, central));
  }
  for (const message of messages) {
    if (stoppers.includes(message) || starters.includes(message)) continue;
    // What is relayed via central is handed to another node.
    const node = message.text.includes('"relayViaNode": "central"') ? ship1 : central;
    await t.test(message.place, () => check(message, node));
  }
});

/** The socket that an example writes to. */
async function listenAt(path: string, t: TestContext): Promise<void> {
  const server = createServer((socket) => socket.resume());
  server.listen(path);
  await once(server, 'listening');
  t.after(() => server.close());
}

/** The example that shows how a start is refused needs no stop before it. */
function isRefusedStart(text: string): boolean {
  return !text.includes('"REQToConsole"');
}

async function check({ text, outcome }: DocumentedMessage, central: StewardNode): Promise<void> {
  const answer = await central.submit(text);
  const accepted = answer.accepted as { id: string }[];
  assert.deepEqual(answer.warnings, []);
  if (outcome === 'refused') return assert.equal((answer.refused as unknown[]).length > 0, true);
  assert.deepEqual(answer.refused, []);
  assert.ok(accepted.length > 0);
  if (outcome === 'none') return;
  for (const { id } of accepted) {
    const row = await waitFor(`the end of ${id}`, () => {
      return central.query('SELECT * FROM ledger WHERE id = ? AND ended_at IS NOT NULL', id)[0];
    });
    assert.equal(row.state, outcome, String(row.reason));
  }
}
