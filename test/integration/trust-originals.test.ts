import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Message, newMessage } from '../../src/message/message.ts';
import { callSteward } from '../support/cli-call.ts';
import { submitAll, waitForEnd } from '../support/fleet.ts';
import { startKeyedBroker } from '../support/keyed-fleet.ts';
import { landedVersions } from '../support/landed.ts';
import { startReferencePeer } from '../support/reference-peer.ts';
import { waitFor } from '../support/wait-for.ts';

test('an original node and one of version 0.1 do on each step to closed and back what they did, and speak for nobody who proves itself', async (t) => {
  const originals = ['ship2', 'ship7'];
  const fleet = await startKeyedBroker(t, { nodes: ['ship1', ...originals], originals });
  const old = landedVersions().find(({ name }) => name === '0.1')!;
  const hello = { startPubREQHello: 1 };
  const central = await fleet.start('central');
  await fleet.start('ship1', hello);
  await fleet.start('ship2', hello, old.command);
  const authenticator = fleet.authenticator('ship7');
  const ship7 = await startReferencePeer({ node: 'ship7', broker: fleet.broker, authenticator }, t);
  const publish = (fields: Partial<Message>) =>
    ship7.publish(
      newMessage({ toNode: 'central', method: '', fromNode: 'ship7', ackTimeout: 2, retries: 1, ...fields }),
    );
  await publish({ method: 'REQHello', directory: 'hello-messages', fileName: 'hello.log' });
  const known = "SELECT name FROM nodes WHERE name LIKE 'ship%'";
  await waitFor('all ships', () => central.query(known).length === 3);
  const trust = (...words: string[]) =>
    callSteward(['trust', ...words], { socketPath: join(central.folder, 'tmp/stew.sock') });

  /** What works between central and each of them, and from the original to central. */
  const everyday = async (step: string) => {
    for (const ship of ['ship1', 'ship2', 'ship7']) {
      const [id] = await submitAll(central, {
        ...{ toNode: ship, method: 'REQCliCommand', methodArgs: ['echo', step], replyMethod: 'REQToFile' },
        ...{ directory: 'walk', fileName: step },
      });
      assert.match(
        String((await waitForEnd(central, id!)).state),
        /^(succeeded|handed-over)$/,
        `${ship} ${step}`,
      );
      assert.equal(await central.waitForFile(`walk/${ship}/${step}`), `${step}\n`);
    }
    const append = { method: 'REQToFileAppend', directory: 'own', fileName: step, data: [Buffer.from('x')] };
    assert.match((await publish(append)).answer ?? '', /^confirmed from: central/, step);
    // Where everybody may write, it goes to the folder of the node that it is for.
    const folder = step === 'closed' ? 'ship7' : 'central';
    await central.waitForFile(`own/${folder}/${step}`, (text) => text.startsWith('x'));
    const line = Buffer.from(`Mon, node: ship7, error: ${step}\n`);
    const place = { toNode: 'errorCentral', directory: 'errorLog', fileName: 'error.log' };
    await publish({ ...place, method: 'REQErrorLog', data: [line] });
    await central.waitForFile('errorLog/errorCentral/error.log', (text) =>
      text.includes(`node: ship7, error: ${step}`),
    );
  };

  await everyday('open');
  await trust('watch');
  await central.restart();
  await everyday('watch');
  await waitFor('ship1 to prove itself', async () =>
    /2 nodes did not prove/.test((await trust('close')).stderr),
  );
  assert.equal((await trust('close', '--allow', 'ship2', '--allow', 'ship7')).code, 0);
  await central.restart();
  await everyday('closed');

  const stolen = { directory: 'stolen', fileName: 'f', data: [Buffer.from('x')] };
  assert.equal(
    (await publish({ ...stolen, method: 'REQToFileAppend', fromNode: 'ship1' })).answer,
    undefined,
  );
  await publish({ method: 'REQCliCommand', methodArgs: ['touch', join(central.folder, 'stolen')] });
  await waitFor('both to be refused', async () => {
    const { stdout } = await trust();
    return /not proved/.test(stdout) && /ship7 may not ask central for REQCliCommand/.test(stdout);
  });
  assert.equal(await central.file('stolen/ship1/f').catch(() => ''), '');
  // A node that the broker proves says no hello in the name of one that needs no proof.
  const thief = await fleet.attacker('ship1');
  const subject = 'central.REQHello.EventNACK.from.ship1';
  const words = { directory: 'hello-messages', fileName: 'hello.log' };
  for (const fromNode of ['ship7', 'ship1'])
    thief.send({
      message: newMessage({ ...words, method: 'REQHello', toNode: 'central', fromNode }),
      ...{ subject, headers: { 'Steward-Hello': `{"version":"9","labels":{"of":"${fromNode}"}}` } },
    });
  const labelled = () =>
    central.query(`SELECT name FROM nodes WHERE info LIKE '%"of":%'`).map(({ name }) => name);
  await waitFor("the thief's own hello", () => labelled().length > 0);
  assert.deepEqual(labelled(), ['ship1']);
  assert.equal(await central.file('../stolen').catch(() => 'none'), 'none');

  assert.equal((await trust('open')).code, 0);
  await central.restart();
  await everyday('open-again');
});
