import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { HELD_WORD } from '../../src/message/state-question.ts';
import type { Ask } from './ask.ts';
import { Chance } from './chance.ts';
import { mayRunAgain } from './run-again.ts';
import { workArgs } from './sim-commands.ts';
import type { Swaps } from './sim-node.ts';
import { onBus, withoutWord } from './swaps.ts';
import { Timeline } from './timeline.ts';
import { Truth } from './truth.ts';
import { World } from './world.ts';

/** A ship goes back to a backup in which two of its requests wait, once all have run. How often each ran. */
async function runsAfterBackup(t: TestContext, swaps: Swaps): Promise<number[]> {
  const [timeline, chance] = [new Timeline({ keepsStory: false }), new Chance('run again')];
  const asks: Ask[] = ['t1', 't2', 't3'].map((token) => ({
    ...{ token, kind: 'command', from: 'central', toNode: 'ship1', at: 30_000, isLimited: false },
  }));
  const askOf = (asked: string) => asks.find(({ token }) => token === asked);
  const truth = new Truth(timeline, { mayRepeat: (run) => mayRunAgain(world, askOf(run.token), run) });
  const world: World = new World({ timeline, chance, truth, swaps });
  t.after(() => world.end());
  for (const name of ['central', 'ship1']) world.add(name, { startsAt: 1 });
  const items = asks.map(({ token }) => ({
    ...{ toNode: 'ship1', method: 'REQCliCommand', methodTimeout: 60 },
    ...{ methodArgs: workArgs({ token, ms: 5000, exitCode: 0, bytes: 0 }), replyMethod: 'REQNone' },
  }));
  timeline.after(30_000, () => void world.node('central')!.submit(items));
  await timeline.runUntil(30_500);
  world.restoreBackup('ship1', 1000);
  await timeline.runUntil(120_000);
  world.restoreBackup('ship1', 1000);
  await timeline.runUntil(240_000);
  return asks.map(({ token }) => truth.runsOf(token).flatMap(({ starts }) => starts).length);
}

test('what its sender heard the end of does not run again after a backup, and is found where it does', async (t) => {
  assert.deepEqual(await runsAfterBackup(t, {}), [1, 1, 1]);
  const unasked = onBus({ publish: (headers) => withoutWord(headers, HELD_WORD) });
  await assert.rejects(runsAfterBackup(t, unasked), /^BrokenPromise: run once: t2 .* began again at ship1/);
});
