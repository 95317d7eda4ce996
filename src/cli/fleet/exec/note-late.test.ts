import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callSteward } from '../../../../test/support/cli-call.ts';
import { startFakeApi } from '../../../../test/support/fake-api.ts';
import { FakeOperations } from '../../../../test/support/fake-operations.ts';

test('what holds up a node that is here is said, as its budget', async (t) => {
  const ids: string[] = [];
  const desk = new FakeOperations(['ship1', 'ship2']);
  desk.onSubmitted = ({ id }) => void ids.push(id);
  const { socketPath } = await startFakeApi(t, { desk });
  const waitsFor = "tomorrow's budget, 00:00, for the link of ship1";
  const none = { queued: 1, oldestQueuedAt: 0, attempts: 0, nextAttemptAt: null, waitsFor: null };
  const lane = (node: string, method: string) => ({ subject: `${node}.${method}.x`, node, method });
  desk.queueList.push(
    { ...none, ...lane('ship1', 'REQCliCommand'), waitsFor },
    { ...none, ...lane('ship1', 'REQToFile'), waitsFor: 'what another method waits for' },
    { ...none, ...lane('ship2', 'REQCliCommand') },
  );
  const said: string[] = [];
  const saying = (text: string) => {
    if (said.push(text) === 2) for (const id of ids) desk.move(id, 'succeeded', { exitCode: 0 });
  };
  await Promise.all(
    [['ship1'], ['ship1', 'ship2']].map((nodes) =>
      callSteward(['exec', ...nodes, '--wait', 'forever', '--', 'true'], { socketPath, onStderr: saying }),
    ),
  );
  const why = `to take it, and it waits for ${waitsFor}\n`;
  assert.deepEqual(said.slice(0, 2).toSorted(), [
    `steward: waiting for ship1 ${why}`,
    `steward: waiting for ship1, ship2 ${why}`,
  ]);
});
