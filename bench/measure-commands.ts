import { join } from 'node:path';
import { expectAllAccepted, startFleet } from './fleet.ts';
import { GrowingFile } from './growing-file.ts';

const WORD = 'sixteen-letters';

/** Runs `count` times /bin/echo on ship1 in one submission; until central's file has every output. Per second. */
export async function measureCommands(count: number): Promise<number> {
  await using fleet = await startFleet();
  const { central } = fleet;
  await fleet.startShip();
  using file = new GrowingFile(join(central.dataFolder, 'bench/ship1/commands.log'));
  expectAllAccepted(await central.submit(commands(1)));
  await file.reaches(WORD.length + 1, 30_000);
  const submission = commands(count);

  const before = performance.now();
  const answer = central.submit(submission, 300_000);
  await Promise.all([file.reaches((count + 1) * (WORD.length + 1), 300_000), answer]);
  const seconds = (performance.now() - before) / 1000;

  expectAllAccepted(await answer);
  return count / seconds;
}

function commands(count: number): string {
  const message = {
    toNode: 'ship1',
    method: 'REQCliCommand',
    methodArgs: ['/bin/echo', WORD],
    methodTimeout: 60,
    replyMethod: 'REQToFileAppend',
    directory: 'bench',
    fileName: 'commands.log',
  };
  return JSON.stringify(Array.from({ length: count }, () => message));
}
