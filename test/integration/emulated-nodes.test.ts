import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EmulatedFleet } from '../../bench/many-nodes/emulated-fleet.ts';

test('emulated nodes, as the benchmark has them in thousands, come, run what central asks once, and tell so', async () => {
  await using fleet = await EmulatedFleet.start(5);
  await fleet.come(0, 5);
  await fleet.present(5);
  const names = Array.from({ length: 5 }, (_, index) => `ship${String(index + 1).padStart(6, '0')}`);
  await fleet.succeeded(await fleet.exec(names), 5);
  const standing = await fleet.standing();
  assert.deepEqual(standing, { nodes: 5, connected: 5, ran: 5, ranAgain: 0 });
});
