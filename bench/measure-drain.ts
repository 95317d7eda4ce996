import { join } from 'node:path';
import { APPEND_FILE, appendSubmission, expectLinesInOrder, LINE_BYTES } from './append-messages.ts';
import { expectAllAccepted, startFleet } from './fleet.ts';
import { GrowingFile } from './growing-file.ts';

const WARM_UP = 50;

/** Queues `count` appends while ship1 is dead; seconds from its being back (it says "started") to the last line. */
export async function measureDrain(count: number): Promise<number> {
  await using fleet = await startFleet();
  const { central } = fleet;
  const ship1 = await fleet.startShip();
  const path = join(ship1.dataFolder, APPEND_FILE);
  using file = new GrowingFile(path);
  expectAllAccepted(await central.submit(appendSubmission({ first: 0, count: WARM_UP })));
  await file.reaches(WARM_UP * LINE_BYTES, 30_000);
  await ship1.kill();
  expectAllAccepted(await central.submit(appendSubmission({ first: WARM_UP, count }), 120_000));

  await ship1.start();
  const before = performance.now();
  await file.reaches((WARM_UP + count) * LINE_BYTES, 300_000);
  const seconds = (performance.now() - before) / 1000;

  await expectLinesInOrder(path, WARM_UP + count);
  return seconds;
}
