import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createUser } from '@nats-io/nkeys';
import { issueCertificate, makeCertificates } from '../support/certificates.ts';
import { FAST_RECONNECT, submitAll, waitForEnd } from '../support/fleet.ts';
import { freePort } from '../support/free-port.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { apiOf } from '../support/node-api.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

interface Central {
  readonly port: number;
  readonly flags?: Readonly<Record<string, string>>;
  readonly waitUntilReady?: boolean;
}

/** A central node with a broker inside, of which only the port is told. */
function startCentral(t: TestContext, { port, flags = {}, ...more }: Central): Promise<StewardNode> {
  const own = { embeddedBroker: `127.0.0.1:${port}`, brokerAddress: '127.0.0.1:4222', ...FAST_RECONNECT };
  return startStewardNode({ name: 'central', broker: '', flags: { ...own, ...flags }, ...more }, t);
}

async function runs(central: StewardNode, target: string): Promise<void> {
  const place = { directory: 'd', fileName: 'f', toNode: target };
  const [id] = await submitAll(central, { method: 'REQCliCommand', methodArgs: ['echo', target], ...place });
  assert.equal((await waitForEnd(central, id!)).state, 'succeeded');
  // The report and the reply come in lanes of their own: either may be first.
  assert.equal(await central.waitForFile(`d/${target}/f`, (text) => text !== ''), `${target}\n`);
}

function says(node: StewardNode, text: RegExp): Promise<unknown> {
  return waitFor(`${node.name} to say ${text}`, () =>
    node.logLines().some(({ msg }) => text.test(String(msg))),
  );
}

test('a node with a broker inside uses it itself, and so do others; both come back together', async (t) => {
  const port = await freePort();
  const central = await startCentral(t, { port });
  await startStewardNode({ name: 'ship1', broker: `127.0.0.1:${port}`, flags: FAST_RECONNECT }, t);
  await runs(central, 'central');
  await runs(central, 'ship1');
  await central.restart();
  const [id] = await submitAll(central, {
    ...{ toNode: 'ship1', method: 'REQToFile', data: ['again'], directory: 'd', fileName: 'again' },
  });
  assert.equal((await waitForEnd(central, id!)).state, 'succeeded');
  assert.deepEqual(await central.stop(), { code: 0, signal: null });
});

test('a node that stops says so, and of one that dies the broker does', async (t) => {
  const port = await freePort();
  const central = await startCentral(t, { port });
  const ship = await startStewardNode(
    { name: 'ship1', broker: `127.0.0.1:${port}`, flags: FAST_RECONNECT },
    t,
  );
  const api = apiOf(central, t);
  const isSeen = (wanted: string) =>
    waitFor(`ship1 to be ${wanted}`, async () =>
      (await api.nodes()).some(({ name, presence }) => name === 'ship1' && presence === wanted),
    );
  // By its answer to the ship's report the central node names the word.
  await runs(central, 'ship1');
  await isSeen('here');
  await ship.stop();
  await isSeen('away');
  await ship.start();
  await isSeen('here');
  await ship.kill();
  await isSeen('away');
});

test('who may connect to it is in a file, which is read again when it changes', async (t) => {
  const { path } = await tempFolder(t);
  const port = await freePort();
  const usersFile = join(path, 'users.json');
  const users: object[] = [];
  const admit = async (name: string) => {
    const key = createUser();
    await writeFile(join(path, name), key.getSeed());
    users.push({ name, nkey: key.getPublicKey() });
    await writeFile(usersFile, JSON.stringify({ users }));
    return join(path, name);
  };
  const flags = { embeddedBrokerUsers: usersFile, nkeySeedFile: await admit('central') };
  const central = await startCentral(t, { port, flags });
  await runs(central, 'central');
  const nkeySeedFile = join(path, 'ship1');
  await writeFile(nkeySeedFile, createUser().getSeed());
  const ship = { name: 'ship1', broker: `127.0.0.1:${port}`, flags: { ...FAST_RECONNECT, nkeySeedFile } };
  const ship1 = await startStewardNode(ship, t);
  await says(ship1, /refuses the nkey/);
  await writeFile(usersFile, 'half of it');
  await says(central, /the users of the broker stay as they were: .* line 1 is no JSON/);
  await admit('ship1');
  await runs(central, 'ship1');
  users.pop();
  await writeFile(usersFile, JSON.stringify({ users }));
  await says(ship1, /the connection to the broker is gone/);
});

test('it speaks TLS with a certificate of its own', async (t) => {
  const { path } = await tempFolder(t);
  const port = await freePort();
  const { ca } = await makeCertificates(path);
  const { certificate, key } = await issueCertificate(ca, { path: join(path, 'own.pem') });
  const flags = { embeddedBrokerTLSCert: certificate, embeddedBrokerTLSKey: key, rootCAPath: ca };
  const central = await startCentral(t, { port, flags });
  await runs(central, 'central');
});

test('what keeps it from starting ends the start of the node, with a sentence', async (t) => {
  const { path } = await tempFolder(t);
  const port = await freePort();
  await startCentral(t, { port });
  for (const [flags, sentence] of [
    [{}, /another program listens on 127\.0\.0\.1:\d+: choose another -embeddedBroker/],
    [{ embeddedBrokerUsers: join(path, 'none') }, /the users file .*none cannot be read: /],
  ] as const) {
    const refused = await startCentral(t, { port, flags: { ...flags }, waitUntilReady: false });
    const exit = await refused.program.exited;
    assert.match(refused.program.stderr, sentence);
    assert.notEqual(exit.code, 0);
  }
});
