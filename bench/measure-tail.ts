import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitForState } from '../test/support/fleet.ts';
import { expectLinesInOrder, LINE_BYTES, line } from './append-messages.ts';
import { expectAllAccepted, startFleet } from './fleet.ts';
import { GrowingFile } from './growing-file.ts';
import { readLinesLimit } from './limits/run-limit.ts';

/** One tail of a file of ship1 to central, compared with reading the same lines on the spot. */
export interface TailRun {
  readonly perSecond: number;
  readonly limitPerSecond: number;
}

/** Follows a file of ship1, to which `count` lines are added in one burst; until central's file has the last. */
export async function measureTail(count: number): Promise<TailRun> {
  await using fleet = await startFleet();
  const { central } = fleet;
  const ship1 = await fleet.startShip();
  const source = join(ship1.folder, 'app.log');
  const path = join(central.dataFolder, 'bench/ship1/tail.log');
  using file = new GrowingFile(path);
  await writeFile(source, '');
  const answer = await central.submit(JSON.stringify(tail(source)));
  expectAllAccepted(answer);
  await waitForState(central, (answer.accepted as { id: string }[])[0]!.id, 'running');
  await appendFile(source, line(0));
  await file.reaches(LINE_BYTES, 30_000);
  const burst = Array.from({ length: count }, (_, index) => line(index + 1)).join('');

  const before = performance.now();
  await Promise.all([file.reaches((count + 1) * LINE_BYTES, 300_000), appendFile(source, burst)]);
  const seconds = (performance.now() - before) / 1000;

  await expectLinesInOrder(path, count + 1);
  return { perSecond: count / seconds, limitPerSecond: await readLinesLimit(source) };
}

function tail(path: string): object {
  return {
    toNode: 'ship1',
    method: 'REQTailFile',
    methodArgs: [path],
    methodTimeout: -1,
    replyMethod: 'REQToFileAppend',
    directory: 'bench',
    fileName: 'tail.log',
  };
}
