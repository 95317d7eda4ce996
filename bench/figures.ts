import { consoleFigures } from './console-figures.ts';
import { footprintFigures } from './footprint-figures.ts';
import { brokerLimit, spawnLimit } from './limits/run-limit.ts';
import { linkFigures } from './link-figures.ts';
import { measureApi } from './measure-api.ts';
import { type AppendRun, measureAppend } from './measure-append.ts';
import { type BinaryRun, builtProgram, measureBinary, type ProgramFigures } from './measure-binary.ts';
import { measureBroker } from './measure-broker.ts';
import { measureCommands } from './measure-commands.ts';
import { measureCopy } from './measure-copy.ts';
import { measureDrain } from './measure-drain.ts';
import { measureExec } from './measure-exec.ts';
import { measureMemory } from './measure-memory.ts';
import { measureSingle } from './measure-single.ts';
import { measureStatus } from './measure-status.ts';
import { measureTail } from './measure-tail.ts';
import { MARKS, measureTimeline } from './measure-timeline.ts';
import type { Goal, Row } from './row.ts';
import { median, percentile } from './statistics.ts';

/** How much to measure. */
export interface BenchOptions {
  /** Runs of which the median counts, for appends and commands. */
  readonly runs: number;
  readonly appends: number;
  readonly commands: number;
  readonly singles: number;
  /** Lines that are added to a file that is followed. */
  readonly tailLines: number;
  /** Messages queued for a dead node in the memory measurement. */
  readonly queued: number;
  /** The size of the file that is copied, MB. */
  readonly copyMb: number;
  /** Requests in the ledger that is asked for their states. */
  readonly remembered: number;
  /** How long the console's page is under load, to see whether its memory grows, s. */
  readonly consoleSeconds: number;
}

/** Measures one or more rows of the table. `shared` carries what a later figure needs of an earlier one. */
export type Figure = (options: BenchOptions, shared: Shared) => Promise<Row[]>;

/** Messages are so cheap for a broker that more of them are needed to measure it. */
const BROKER_LOAD = 5;

const LISTED_NODES = 10_000;

interface Shared {
  appendsPerSecond?: number;
}

/** The figures by their names, in the order in which they are measured. */
export const FIGURES: Readonly<Record<string, Figure>> = {
  limits: limitFigures,
  broker: brokerFigures,
  append: appendFigures,
  command: commandFigures,
  single: singleFigures,
  timeline: timelineFigures,
  memory: memoryFigures,
  drain: drainFigures,
  copy: copyFigures,
  tail: tailFigures,
  api: apiFigures,
  status: statusFigures,
  exec: execFigures,
  binary: binaryFigures,
  footprint: footprintFigures,
  console: ({ consoleSeconds }) => consoleFigures(consoleSeconds),
  link: linkFigures,
};

async function limitFigures({ runs, appends, commands }: BenchOptions): Promise<Row[]> {
  const broker = await times(runs, () => brokerLimit(appends));
  const spawns = await times(runs, () => spawnLimit(commands));
  return [
    {
      name: 'limits',
      figure: 'limit: published and answered',
      value: median(broker),
      unit: '/s',
      note: spread(broker),
    },
    { name: 'limits', figure: 'limit: bare spawns', value: median(spawns), unit: '/s', note: spread(spawns) },
  ];
}

/** The embedded broker next to nats-server, with the same bytes. */
async function brokerFigures({ runs, appends }: BenchOptions): Promise<Row[]> {
  const { limits, results } = await pairs(
    runs,
    () => brokerLimit(BROKER_LOAD * appends),
    () => measureBroker(BROKER_LOAD * appends),
  );
  const figure = 'published and answered through `steward broker`';
  return [rateRow({ name: 'broker', figure, rates: results, limits, goal: 0.7 })];
}

async function appendFigures({ runs, appends }: BenchOptions, shared: Shared): Promise<Row[]> {
  const { limits, results } = await pairs(
    runs,
    () => brokerLimit(appends),
    () => measureAppend(appends),
  );
  const rates = results.map(({ perSecond }) => perSecond);
  shared.appendsPerSecond = median(rates);
  const delay = (name: keyof AppendRun['loopDelayMs']): Row => ({
    name: 'append',
    figure: `event-loop delay of ${name}, p99`,
    value: median(results.map(({ loopDelayMs }) => loopDelayMs[name])),
    unit: 'ms',
    goal: { atMost: 20 },
  });
  const rate = rateRow({ name: 'append', figure: 'durable ordered appends', rates, limits, goal: 0.3 });
  return [rate, delay('central'), delay('ship1')];
}

async function commandFigures({ runs, commands }: BenchOptions): Promise<Row[]> {
  const { limits, results } = await pairs(
    runs,
    async () => [await spawnLimit(commands), await spawnLimit(commands, 1)] as const,
    () => measureCommands(commands),
  );
  const rowOf = (figure: string, limit: 0 | 1, goal?: number) =>
    rateRow({ name: 'command', figure, rates: results, limits: limits.map((one) => one[limit]), goal });
  return [
    rowOf('commands with output back', 0, 0.8),
    // The commands of one sender run one after the other.
    rowOf('the same, next to bare spawns one after the other', 1),
  ];
}

async function singleFigures({ singles }: BenchOptions): Promise<Row[]> {
  const found = await measureSingle(singles);
  const row = (share: number, atMost: number): Row => ({
    name: 'single',
    figure: `one append, submit to file, p${share * 100}`,
    value: percentile(found, share),
    unit: 'ms',
    goal: { atMost },
  });
  return [row(0.5, 3), row(0.99, 10)];
}

/** Where the time of one command goes: medians, each with what lies between it and the mark before. */
async function timelineFigures({ singles }: BenchOptions): Promise<Row[]> {
  const times = await measureTimeline(singles);
  let before = 0;
  return MARKS.map((mark) => {
    const value = median(times.get(mark)!);
    const note = `${(value - before).toFixed(2)} ms later`;
    before = value;
    return { name: 'timeline', figure: `one command: ${mark}`, value, unit: 'ms', note };
  });
}

async function memoryFigures({ queued }: BenchOptions): Promise<Row[]> {
  const run = await measureMemory(queued);
  const { idleMb, queuedMb, peakMb, databaseMb, acceptedPerSecond } = run;
  const peak = `idle ${idleMb.toFixed(0)} MB, then ${queuedMb.toFixed(0)} MB, at most ${peakMb.toFixed(0)} MB on the way`;
  return [
    {
      name: 'memory',
      figure: `memory added by ${queued} queued`,
      value: queuedMb - idleMb,
      unit: 'MB',
      goal: { atMost: 60 },
      note: `${peak}; database ${databaseMb.toFixed(0)} MB; accepted ${acceptedPerSecond.toFixed(0)} /s`,
    },
  ];
}

async function drainFigures({ appends }: BenchOptions, shared: Shared): Promise<Row[]> {
  const rate = shared.appendsPerSecond ?? (await measureAppend(appends)).perSecond;
  const value = await measureDrain(appends);
  const limit = appends / rate;
  const figure = `${appends} queued drain when the node is back`;
  return [{ name: 'drain', figure, value, unit: 's', limit, ratio: value / limit, goal: { atMost: 2 } }];
}

async function copyFigures({ runs, copyMb }: BenchOptions): Promise<Row[]> {
  const found = await times(runs, () => measureCopy(copyMb * 1e6));
  const value = median(found.map(({ bytesPerSecond }) => bytesPerSecond / 1e6));
  const limit = median(found.map(({ limitBytesPerSecond }) => limitBytesPerSecond / 1e6));
  const peak = (node: 'source' | 'target') =>
    Math.round(Math.max(...found.map(({ peakMb }) => peakMb[node])));
  const note = `memory at most ${peak('source')} MB at the source, ${peak('target')} MB at the target`;
  const figure = `copy of ${copyMb} MB, beside sha256 and write`;
  return [
    { name: 'copy', figure, value, unit: 'MB/s', limit, ratio: value / limit, goal: { atLeast: 0.3 }, note },
  ];
}

async function tailFigures({ runs, tailLines }: BenchOptions): Promise<Row[]> {
  const found = await times(runs, () => measureTail(tailLines));
  const rates = found.map(({ perSecond }) => perSecond);
  const limits = found.map(({ limitPerSecond }) => limitPerSecond);
  return [rateRow({ name: 'tail', figure: 'tail lines, beside reading them', rates, limits })];
}

/** What the single-file program does; the limit is what Node.js does. */
async function binaryFigures({ runs, commands, appends }: BenchOptions): Promise<Row[]> {
  const path = builtProgram();
  if (path === undefined) {
    const note = 'it was not made; npm run build:bin -- linux-x64 makes it';
    return [{ name: 'binary', figure: 'the single-file program', unit: '', note }];
  }
  const found = await times(runs, () => measureBinary(path, { commands, appends }));
  const row = (figure: string, name: keyof ProgramFigures, rest: { unit: string; goal: Goal }): Row => {
    const of = (program: keyof BinaryRun) => median(found.map((run) => run[program][name]));
    const [value, limit] = [of('file'), of('node')];
    return { name: 'binary', figure: `single file: ${figure}`, value, limit, ratio: value / limit, ...rest };
  };
  return [
    row('start (beside Node.js)', 'startMs', { unit: 'ms', goal: { atMost: 0.5 } }),
    row('memory of an idle node', 'idleMb', { unit: 'MB', goal: { atMost: 0.7 } }),
    row('commands with output back', 'commandsPerSecond', { unit: '/s', goal: { atLeast: 1 } }),
    row('durable ordered appends', 'appendsPerSecond', { unit: '/s', goal: { atLeast: 0.9 } }),
  ];
}

async function apiFigures(): Promise<Row[]> {
  const { listMs, queryMs, bytes } = await measureApi(LISTED_NODES);
  const figure = `list of ${LISTED_NODES} nodes by the API`;
  const note = `${(bytes / 1e6).toFixed(1)} MB of JSON, read and parsed; the limit is the bare SQL query of the rows`;
  return [{ name: 'api', figure, value: listMs, unit: 'ms', limit: queryMs, goal: { atMost: 200 }, note }];
}

async function statusFigures({ remembered }: BenchOptions): Promise<Row[]> {
  const { commandMs, emptyMs, queryMs, api } = await measureStatus(remembered);
  const asked = Object.entries(api).map(([name, ms]) => `${name} ${ms.toFixed(1)} ms`);
  return [
    {
      ...{ name: 'status', figure: `steward status of ${remembered} requests`, unit: 'ms' },
      ...{ value: commandMs, limit: emptyMs + queryMs, goal: { atMost: 100 } },
      note: `the limit is an empty program (${emptyMs.toFixed(0)} ms) and the bare query (${queryMs.toFixed(0)} ms); by the API: ${asked.join(', ')}`,
    },
  ];
}

async function execFigures(): Promise<Row[]> {
  const { execMs, commandMs, emptyStartMs } = await measureExec(30);
  return [
    {
      name: 'exec',
      figure: 'exec of one command on one node, beside an empty program',
      value: execMs - commandMs,
      unit: 'ms',
      limit: emptyStartMs,
      goal: { atMost: 60 },
      note: `${execMs.toFixed(0)} ms from start to end, the command itself ${commandMs.toFixed(1)} ms`,
    },
  ];
}

interface Rates {
  readonly name: string;
  readonly figure: string;
  readonly rates: readonly number[];
  readonly limits: readonly number[];
  /** The least ratio, where there is a goal. */
  readonly goal?: number;
}

function rateRow({ name, figure, rates, limits, goal }: Rates): Row {
  const [value, limit] = [median(rates), median(limits)];
  const note = `${spread(rates)}; limit ${spread(limits)}`;
  const row = { name, figure, value, unit: '/s', limit, ratio: value / limit, note };
  return goal === undefined ? row : { ...row, goal: { atLeast: goal } };
}

function spread(values: readonly number[]): string {
  return `runs ${values.map((value) => Math.round(value)).join(', ')}`;
}

async function times<T>(count: number, work: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let run = 0; run < count; run++) results.push(await work());
  return results;
}

/** Limit and figure by turns, so that a machine that slows down slows both. */
async function pairs<L, T>(runs: number, limit: () => Promise<L>, figure: () => Promise<T>) {
  const both = await times(runs, async () => ({ limit: await limit(), result: await figure() }));
  return { limits: both.map((pair) => pair.limit), results: both.map((pair) => pair.result) };
}
