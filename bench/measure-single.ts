import { join } from 'node:path';
import { APPEND_FILE, appendSubmission, expectLinesInOrder, LINE_BYTES } from './append-messages.ts';
import { expectAllAccepted, startFleet } from './fleet.ts';
import { GrowingFile } from './growing-file.ts';

const WARM_UP = 30;

/** Appends one line after the other, each on a connection of its own; ms from connecting to the line in the file. */
export async function measureSingle(count: number): Promise<number[]> {
  await using fleet = await startFleet();
  const { central } = fleet;
  const ship1 = await fleet.startShip();
  const path = join(ship1.dataFolder, APPEND_FILE);
  using file = new GrowingFile(path);
  const times: number[] = [];
  for (let number = 0; number < WARM_UP + count; number++) {
    const submission = appendSubmission({ first: number, count: 1 });
    const before = performance.now();
    const answer = central.submit(submission);
    const inFile = file.reaches((number + 1) * LINE_BYTES, 30_000).then(() => performance.now() - before);
    const [time] = await Promise.all([inFile, answer.then(expectAllAccepted)]);
    if (number >= WARM_UP) times.push(time);
  }
  await expectLinesInOrder(path, WARM_UP + count);
  return times;
}
