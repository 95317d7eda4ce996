import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { expectAllAccepted, startFleet } from './fleet.ts';
import { GrowingFile } from './growing-file.ts';

const WARM_UP = 30;
/** Seconds and nanoseconds of a date, and the end of the line. */
const OUTPUT_BYTES = 20;

/** What happens to one command, in its order, as the submitter, a subscriber of the broker and the program itself see it. */
export const MARKS = [
  'central has stored it, and it is on the wire',
  'the submitter has its answer',
  'ship1 has stored it and answers',
  'the program runs',
  'its end and the reply are stored, and on the wire',
  'the bytes are in the file',
  'central answers the reply',
] as const;

type Mark = (typeof MARKS)[number];

/** Runs one command after the other on ship1; when each mark was reached, ms after the submission. */
export async function measureTimeline(count: number): Promise<ReadonlyMap<Mark, readonly number[]>> {
  await using fleet = await startFleet();
  const { central, broker } = fleet;
  await fleet.startShip();
  const path = join(central.dataFolder, 'bench/ship1/timeline.log');
  using file = new GrowingFile(path);
  const times = new Map<Mark, number[]>(MARKS.map((mark) => [mark, []]));
  let seen = new Map<Mark, number>();
  let isOver = () => {};
  const note = (mark: Mark | undefined) => {
    if (mark !== undefined && !seen.has(mark)) seen.set(mark, performance.now());
    if (seen.size === MARKS.length) isOver();
  };
  await using connection = await subscribe(broker.url, (subject) => note(markOf(subject)));
  await connection.flush();
  const wallOffset = wallClockOffset();
  for (let number = 1; number <= WARM_UP + count; number++) {
    seen = new Map([['the program runs', 0]]);
    const over = new Promise<void>((resolve) => {
      isOver = resolve;
    });
    const before = performance.now();
    const accepted = central.submit(COMMAND).then(expectAllAccepted);
    void accepted.then(() => note('the submitter has its answer'));
    const inFile = file.reaches(number * OUTPUT_BYTES, 30_000).then(() => note('the bytes are in the file'));
    await Promise.all([accepted, inFile, over]);
    const nanoseconds = (await readFile(path, 'latin1')).slice(-OUTPUT_BYTES);
    seen.set('the program runs', Number(nanoseconds) / 1e6 - wallOffset);
    if (number > WARM_UP) for (const [mark, at] of seen) times.get(mark)!.push(at - before);
  }
  return times;
}

const COMMAND = JSON.stringify([
  {
    toNode: 'ship1',
    method: 'REQCliCommand',
    methodArgs: ['/bin/date', '+%s%N'],
    methodTimeout: 60,
    replyMethod: 'REQToFileAppend',
    directory: 'bench',
    fileName: 'timeline.log',
  },
]);

function markOf(subject: string): Mark | undefined {
  const isAnswer = subject.includes('.reply.');
  if (subject.startsWith('ship1.REQCliCommand.'))
    return isAnswer ? 'ship1 has stored it and answers' : 'central has stored it, and it is on the wire';
  if (!subject.startsWith('central.REQToFileAppend.')) return undefined;
  return isAnswer ? 'central answers the reply' : 'its end and the reply are stored, and on the wire';
}

async function subscribe(url: string, onMessage: (subject: string) => void) {
  const connection = await connect({ servers: url });
  connection.subscribe('>', {
    callback: (error, message) => {
      if (error === null) onMessage(message.subject);
    },
  });
  return { flush: () => connection.flush(), [Symbol.asyncDispose]: () => connection.close() };
}

/** What the wall clock is ahead of the steady one, ms, as exact as a turn of its millisecond. */
function wallClockOffset(): number {
  const first = Date.now();
  while (Date.now() === first);
  return Date.now() - performance.now();
}
