import assert from 'node:assert/strict';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { callSteward } from '../support/cli-call.ts';
import { submitAll } from '../support/fleet.ts';
import { freePort } from '../support/free-port.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { waitFor } from '../support/wait-for.ts';

const TOKEN = 'a-token-of-the-test';
const LOOK = { toNode: 'central', method: 'REQNone', replyMethod: 'REQNone' };
const ABSENT = { toNode: 'ship9', method: 'REQCliCommand', methodArgs: ['true'] };

/** The entry of a message in the audit log. */
async function entryOf(node: StewardNode, id: string): Promise<Record<string, unknown>> {
  return await waitFor(`${id} in the audit log`, async () =>
    (await node.audit()).find((entry) => entry.id === id),
  );
}

/** Posts messages, and returns the id of the first. */
async function post(url: string, message: object, headers: Record<string, string> = {}): Promise<string> {
  const answer = await fetch(url, {
    ...{ method: 'POST', body: JSON.stringify([message]) },
    headers: { 'Content-Type': 'application/json', ...headers },
  });
  const { accepted } = (await answer.json()) as { accepted: { id: string }[] };
  return accepted[0]!.id;
}

/** Sends a text to a TCP port, and returns the first line of the answer. */
function send(port: number, text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(port, '127.0.0.1', () => socket.write(text));
  socket.once('data', (bytes) => {
    socket.destroy();
    resolve(bytes.toString());
  });
  socket.once('error', reject);
  return promise;
}

test('the audit log says of every message who submitted it, and of one that was cancelled who did that', async (t) => {
  const broker = await startBroker(t);
  const [api, web, tcp, http] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const at = (port: number) => `127.0.0.1:${port}`;
  const node = await startStewardNode(
    {
      name: 'central',
      broker,
      flags: {
        ...{ apiListener: at(api), webListener: at(web), tcpListener: at(tcp), httpListener: at(http) },
        ...{ listenerToken: TOKEN, trust: 'closed', readFolder: 'drop' },
      },
    },
    t,
  );
  const bearer = { Authorization: `Bearer ${TOKEN}` };
  const local = `local ${userInfo().username}`;
  const socketPath = join(node.folder, 'tmp/stew.sock');
  const byOf = async (id: string) => (await entryOf(node, id)).by;

  const [first, second] = await submitAll(node, [LOOK, LOOK]);
  assert.deepEqual([await byOf(first!), await byOf(second!)], [local, local]);
  assert.equal(
    await byOf(await post(`http://${at(api)}/v1/messages`, LOOK, bearer)),
    'listener token from 127.0.0.1',
  );
  assert.equal(await byOf(await post(`http://${at(http)}/`, LOOK, bearer)), 'HTTP listener from 127.0.0.1');
  const line = JSON.parse(await send(tcp, `token ${TOKEN}\n${JSON.stringify([LOOK])}`));
  assert.equal(await byOf(line.accepted[0].id), 'TCP listener from 127.0.0.1');

  const link = await callSteward(['web'], { socketPath });
  const code = /#in=([\w-]+)/.exec(link.stdout + link.stderr)![1]!;
  const signedIn = await fetch(`http://${at(web)}/session`, { method: 'POST', body: code });
  const cookie = signedIn.headers.getSetCookie()[0]!.split(';')[0]!;
  assert.equal(
    await byOf(await post(`http://${at(web)}/v1/messages`, LOOK, { Cookie: cookie })),
    `console, link of ${local}`,
  );

  await mkdir(join(node.folder, 'drop'), { recursive: true });
  await writeFile(join(node.folder, 'drop/.one'), JSON.stringify([LOOK]));
  await rename(join(node.folder, 'drop/.one'), join(node.folder, 'drop/one.json'));
  const dropped = await waitFor('what was dropped', async () =>
    (await node.audit()).find(({ by }) => String(by).startsWith('read folder')),
  );
  assert.equal(dropped.by, 'read folder, one.json');

  const waiting = await post(`http://${at(api)}/v1/messages`, ABSENT, bearer);
  assert.equal((await callSteward(['cancel', waiting], { socketPath })).code, 0);
  const cancelled = await entryOf(node, waiting);
  assert.equal(cancelled.by, 'listener token from 127.0.0.1');
  assert.match(String(cancelled.reason), new RegExp(`, by ${local}$`));
  const again = await fetch(`http://${at(web)}/v1/requests/${waiting}/resend`, {
    ...{ method: 'POST', headers: { Cookie: cookie } },
  });
  const resent = ((await again.json()) as { accepted: { id: string }[] }).accepted[0]!.id;
  await callSteward(['cancel', resent], { socketPath });
  assert.equal(await byOf(resent), `console, link of ${local}`);
  // After a restart too: who submitted is on disk with the message.
  const later = await post(`http://${at(api)}/v1/messages`, ABSENT, bearer);
  await node.restart();
  await callSteward(['cancel', later], { socketPath });
  assert.equal(await byOf(later), 'listener token from 127.0.0.1');
});
