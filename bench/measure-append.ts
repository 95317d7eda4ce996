import { join } from 'node:path';
import type { StewardNode } from '../test/support/node.ts';
import { APPEND_FILE, appendSubmission, expectLinesInOrder, LINE_BYTES } from './append-messages.ts';
import { expectAllAccepted, startFleet } from './fleet.ts';
import { GrowingFile } from './growing-file.ts';

/** What one run of appends showed. */
export interface AppendRun {
  readonly perSecond: number;
  /** 99th percentile of how late the event loop was during the run, ms. */
  readonly loopDelayMs: { readonly central: number; readonly ship1: number };
}

/** Appends `count` lines central -> ship1 in one submission: first byte submitted to last line in the file. */
export async function measureAppend(count: number): Promise<AppendRun> {
  await using fleet = await startFleet();
  const { central } = fleet;
  const ship1 = await fleet.startShip();
  const path = join(ship1.dataFolder, APPEND_FILE);
  using file = new GrowingFile(path);
  expectAllAccepted(await central.submit(appendSubmission({ first: 0, count: 1 })));
  await file.reaches(LINE_BYTES, 30_000);
  const submission = appendSubmission({ first: 1, count });
  // Reading the metrics starts the delay's measurement anew.
  await Promise.all([central.metrics(), ship1.metrics()]);

  const before = performance.now();
  const answer = central.submit(submission, 300_000);
  await Promise.all([file.reaches((count + 1) * LINE_BYTES, 300_000), answer]);
  const seconds = (performance.now() - before) / 1000;

  const loopDelayMs = { central: await loopDelay(central), ship1: await loopDelay(ship1) };
  expectAllAccepted(await answer);
  await expectLinesInOrder(path, count + 1);
  return { perSecond: count / seconds, loopDelayMs };
}

async function loopDelay(node: StewardNode): Promise<number> {
  const text = await node.metrics();
  const found = /^steward_event_loop_delay_seconds\{quantile="0\.99"\} (\S+)$/m.exec(text);
  if (found === null) throw new Error(`${node.name} shows no steward_event_loop_delay_seconds`);
  return Number(found[1]) * 1000;
}
