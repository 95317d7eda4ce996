import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, type TestContext, test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { ledgerRow, submitAll, waitForEnd, waitForState } from '../support/fleet.ts';
import { AGELESS, type LandedVersion, landedVersions } from '../support/landed.ts';
import { flagsOf, numbered, queueFor, SIDE_BY_SIDE, takesBack } from '../support/landed-fleet.ts';
import { QUEUED_APPENDS } from '../support/landed-scene.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

describe('databases of versions that landed', SIDE_BY_SIDE, () => {
  for (const version of landedVersions()) {
    const goesBack = takesBack(version);
    const back = goesBack ? 'it takes it back, and this one again' : 'it refuses it then, with a sentence';
    test(`${version.name}: a database of it is gone on with, and nothing is lost, done twice or changed; ${back}`, async (t) => {
      const { central, ship1, ship2, before } = await takeUp(t, version);
      for (const row of before.ledger.filter(({ ended_at }) => ended_at !== null))
        assert.deepEqual(ledgerRow(central, String(row.id)), row);
      for (const { id } of before.ledger.filter(({ state }) => state === 'queued')) {
        const end = await waitForEnd(central, String(id), 30_000);
        assert.equal(end.state, 'succeeded', `${id}: ${end.reason}`);
      }
      assert.equal(await ship2.file('scene/ship2/queued.log'), numbered(QUEUED_APPENDS));
      assert.equal(await ship2.file('../queued'), numbered(10));
      assert.equal(await ship2.file('scene/ship2/queued.txt'), 'queued\n');
      assert.ok(before.ledger.filter(({ state }) => state === 'queued').length > QUEUED_APPENDS);
      const running = before.ledger.filter(({ state }) => state === 'running').map(({ id }) => String(id));
      assert.equal(running.length, 2);
      const interrupted = await waitFor('the command that was cut off to be reported', () =>
        running.find((id) => ledgerRow(central, id)?.state === 'interrupted'),
      );
      const schedule = running.find((id) => id !== interrupted)!;
      await goesOn(ship1);
      if (goesBack) {
        await takesItBack({ central, ship1, ship2 }, version);
        await Promise.all([central.become(), ship1.become()]);
        await goesOn(ship1);
      }
      await cancels(central, schedule);
      if (!goesBack) await assert.rejects(central.become(version.command), /was written by a newer Steward/);
    });
  }
});

/** Starts this version on the databases of a landed one, and ship2, for which most of the queue is. */
async function takeUp(t: TestContext, version: LandedVersion) {
  const broker = await startBroker(t);
  const { path } = await tempFolder(t);
  for (const name of ['central', 'ship1']) await version.layDatabase(name, join(path, name, 'var/lib'));
  const database = new DatabaseSync(join(path, 'central/var/lib/steward.db'), { readOnly: true });
  const columns = 'key, id, state, queued_at, sent_at, accepted_at, started_at, ended_at, attempts, reason';
  const ledger = database
    .prepare(`SELECT ${columns}, exit_code, signal, stderr_tail, output_bytes FROM ledger ORDER BY id`)
    .all();
  database.close();
  const start = (name: string) =>
    startStewardNode(
      { name, broker, folder: join(path, name), flags: flagsOf(name), env: { ...process.env, ...AGELESS } },
      t,
    );
  const [central, ship1, ship2] = await Promise.all([start('central'), start('ship1'), start('ship2')]);
  return { central, ship1, ship2, before: { ledger } };
}

/** The older version goes on with what this one has left: what runs, and a queue. */
async function takesItBack(
  { central, ship1, ship2 }: Record<'central' | 'ship1' | 'ship2', StewardNode>,
  { command }: LandedVersion,
): Promise<void> {
  await ship2.stop();
  const queued = await submitAll(central, queueFor('ship2', 20));
  await Promise.all([central.become(command), ship1.become(command)]);
  await ship2.start();
  for (const id of queued) assert.equal((await waitForEnd(central, id, 30_000)).state, 'succeeded');
  assert.equal(await ship2.file('out/ship2/out.log'), numbered(20));
  assert.equal(await ship2.file('../ran'), numbered(20));
  await goesOn(ship1);
}

/** The schedule of the scene is under way again. */
async function goesOn(ship1: StewardNode): Promise<void> {
  const ticks = async () => (await ship1.file('../ticks').catch(() => '')).length;
  const first = await ticks();
  await waitFor('the schedule to go on', async () => (await ticks()) > first);
}

async function cancels(central: StewardNode, id: string): Promise<void> {
  await submitAll(central, {
    toNode: 'ship1',
    method: 'REQCancel',
    methodArgs: [id],
    replyMethod: 'REQNone',
  });
  await waitForState(central, id, 'cancelled');
}
