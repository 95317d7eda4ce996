import type { Ask } from './ask.ts';
import { DATA_FOLDER } from './sim-config.ts';
import { printedLines } from './sim-streams.ts';
import { BrokenPromise } from './truth.ts';
import type { World } from './world.ts';

interface LedgerRow {
  readonly state: string;
}

/** Holds what a node told of itself, or while it worked, against what it said in the end. Throws BrokenPromise. */
export function checkTold(world: World, ask: Ask, { state }: LedgerRow): void {
  if (ask.isResent) return;
  // A pong tells of a moment, and is not synced.
  const mayBeLost = world.machine(ask.from).files.hasLostPower;
  if (
    ask.kind === 'ping' &&
    state === 'succeeded' &&
    !mayBeLost &&
    read(world, ask, `${DATA_FOLDER}/pings`) === ''
  )
    throw broken(ask, 'is succeeded, and no pong came');
  if (ask.kind === 'admin') checkLines(ask, read(world, ask, 'replies'));
  if (ask.kind === 'stream') checkStream(ask, state, read(world, ask, 'replies'));
  if (ask.kind === 'live') checkLive(world, ask, state);
  if (ask.kind === 'tail') checkInRow(ask, numbersIn(read(world, ask, 'replies'), 'L'));
}

/** What came comes once. */
function checkLines(ask: Ask, text: string): void {
  const lines = text.split('\n').filter(Boolean);
  if (new Set(lines).size < lines.length) throw broken(ask, 'was replied to twice');
}

/** Lines come in their order, from the first one on, and none is missing of a command that ended by itself. */
function checkStream(ask: Ask, state: string, text: string): void {
  const numbers = numbersIn(text, `${ask.token}#`);
  if (numbers.length > 0 && numbers[0] !== 0) throw broken(ask, `began with line ${numbers[0]}`);
  checkInRow(ask, numbers);
  const isWhole = state === 'succeeded' || state === 'failed';
  if (isWhole && numbers.length !== printedLines(ask.ms ?? 0))
    throw broken(ask, `is ${state}, and ${numbers.length} of ${printedLines(ask.ms ?? 0)} lines came`);
}

/** What somebody looked on to is kept as it was printed, each byte once and in its place. */
function checkLive(world: World, ask: Ask, state: string): void {
  const rows = world
    .machine(ask.from)
    .disk.prepare('SELECT offset, data FROM outputs WHERE id = ? ORDER BY offset')
    .all(ask.id!) as unknown as { offset: number; data: Uint8Array }[];
  let end = 0;
  for (const { offset, data } of rows) {
    if (offset !== end) throw broken(ask, `has output from ${offset} on after ${end} bytes`);
    end = offset + data.length;
  }
  checkStream(ask, state, Buffer.concat(rows.map(({ data }) => data)).toString());
}

function checkInRow(ask: Ask, numbers: readonly number[]): void {
  const at = numbers.findIndex((number, index) => index > 0 && number !== numbers[index - 1]! + 1);
  if (at > 0) throw broken(ask, `told line ${numbers[at]} after line ${numbers[at - 1]}`);
}

function numbersIn(text: string, mark: string): number[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(mark))
    .map((line) => Number(line.slice(mark.length)));
}

function read(world: World, { from, toNode, token }: Ask, folder: string): string {
  const machines = world.places.filter(({ nodeName }) => nodeName === from).map(({ machine }) => machine);
  return machines.map(({ files }) => files.read(`${folder}/${toNode}/${token}`)).join('');
}

function broken({ token, id, kind, from, toNode }: Ask, what: string): BrokenPromise {
  return new BrokenPromise(`${kind} ${token} (${id}) from ${from} to ${toNode} ${what}`);
}
