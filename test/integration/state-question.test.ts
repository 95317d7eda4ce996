import assert from 'node:assert/strict';
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { errorLog, startFleet, submitAll, waitForEnd, waitForState } from '../support/fleet.ts';
import type { StewardNode } from '../support/node.ts';
import { waitFor } from '../support/wait-for.ts';

test('a request whose report was lost is asked for when its sender starts again, and ends as it did', async (t) => {
  const { central, ship1 } = await startFleet(t);
  const [done, failed] = await submitAll(central, [command('exit 0'), command('echo oops >&2; exit 3')]);
  for (const id of [done!, failed!]) await waitForEnd(central, id);
  await central.stop();
  forgetEnds(central, [done!, failed!]);
  await central.start();
  assert.equal((await waitForEnd(central, done!, 30_000)).state, 'succeeded');
  const row = await waitForEnd(central, failed!, 30_000);
  assert.deepEqual(
    [row.state, row.exit_code, Buffer.from(row.stderr_tail as Uint8Array).toString()],
    ['failed', 3, 'oops\n'],
  );
  assert.equal(ship1.program.exit, undefined);
});

test('what a node took and does not know any more ends as lost, with the reason, and is not sent again', async (t) => {
  const { central, ship1 } = await startFleet(t);
  const gate = join(ship1.folder, 'gate');
  const runs = join(ship1.folder, 'runs');
  const [first] = await submitAll(central, command('exit 0'));
  await waitForEnd(central, first!);
  await ship1.stop();
  const backup = join(ship1.folder, 'backup');
  await cp(ship1.databaseFolder, backup, { recursive: true });
  await ship1.start();
  const [id] = await submitAll(
    central,
    // Nobody ends it: it is of a node that does not know it any more.
    command(`echo run >> ${runs}; until [ -e ${gate} ] || [ ! -e ${runs} ]; do sleep 0.05; done`),
  );
  await waitForState(central, id!, 'running');
  await ship1.kill();
  await rm(ship1.databaseFolder, { recursive: true });
  await cp(backup, ship1.databaseFolder, { recursive: true });
  await ship1.start();
  await central.stop();
  await central.start();
  const row = await waitForEnd(central, id!, 40_000);
  assert.equal(row.state, 'lost');
  assert.match(String(row.reason), /^ship1 took it and does not know it any more/);
  await waitFor('the error report', async () =>
    (await errorLog(central)).includes('does not know it any more'),
  );
  assert.equal(await ship1.file('../runs'), 'run\n');
  await writeFile(gate, '');
});

/** Takes back what a database knows of ends, as where the reports of them never came. */
function forgetEnds(node: StewardNode, ids: readonly string[]): void {
  using database = new DatabaseSync(join(node.databaseFolder, 'steward.db'));
  for (const id of ids)
    database
      .prepare("UPDATE ledger SET state = 'accepted', ended_at = NULL, exit_code = NULL WHERE id = ?")
      .run(id);
}

function command(script: string): object {
  return {
    ...{ toNode: 'ship1', method: 'REQCliCommand', methodArgs: ['bash', '-c', script] },
    ...{ replyMethod: 'REQNone', methodTimeout: 120, ACKTimeout: 1 },
  };
}
