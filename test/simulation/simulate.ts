import { parseArgs } from 'node:util';
import { ASKS, type Asks } from './ask.ts';
import { DEFAULT_KINDS, FAULT_KINDS, type FaultKind, faultText } from './faults.ts';
import { liveLightly } from './light-load.ts';
import { faultsOf, kindsIn, type RunOptions, type RunReport, runSeed } from './run.ts';
import { shrink } from './shrink.ts';

const HELP = `Runs simulated fleets from seeds, and says which seed breaks the promise.

  --seeds N        run this many seeds (100)
  --from N         the first of them (1)
  --minutes N      run for this long instead
  --seed N         run one seed
  --trace          tell the story of that run
  --faults a,b     kinds of faults: ${FAULT_KINDS.join(', ')}
  --asks first     ask for what seeds asked for at first, as most of those in seeds.ts do; second, third: later stages; told, copies, relayed, outside: each of them alone, as asks.ts has it
  --hours N        let a fleet that has little to do live for N hours instead, and measure it
  --calls          some of the ships are connected during calls alone
  --closed         nodes are let in by tokens and judged by who they are; some lose that, and somebody has the key of one
  --budgets        the links of some ships have a budget for each day, and the world begins ten minutes before midnight
  --large          more of everything: nodes, faults, requests, and time
  --tight          small messages and short patience alone, and a broker that takes little at once
  --only 0,3       of the faults of a run, these alone, by their place in the list; none: the run without faults
`;
const SHRINK_MS = 30_000;
/** What `--only` names where a run takes no faults. */
const NONE = 'none';

const [TEXT, FLAG] = [{ type: 'string' }, { type: 'boolean' }] as const;
const OPTIONS = {
  ...{
    seeds: TEXT,
    from: TEXT,
    minutes: TEXT,
    seed: TEXT,
    faults: TEXT,
    asks: TEXT,
    only: TEXT,
    hours: TEXT,
  },
  ...{ trace: FLAG, calls: FLAG, budgets: FLAG, closed: FLAG, large: FLAG, tight: FLAG, help: FLAG },
} as const;
type Name = keyof typeof OPTIONS;

/** Options that mean nothing next to another. */
const APART: readonly (readonly [Name, readonly Name[]])[] = [
  ['hours', (Object.keys(OPTIONS) as Name[]).filter((name) => name !== 'hours' && name !== 'help')],
  ['seed', ['seeds', 'from', 'minutes']],
  ['minutes', ['seeds']],
  // A call each minute takes more of a day than its budget.
  ['budgets', ['calls', 'closed']],
  // What is asked for there is chosen by who may ask.
  ['closed', ['asks']],
];
/** Options that are about one run. */
const OF_ONE: readonly Name[] = ['only', 'trace'];

try {
  await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return console.log(HELP);
  checkTogether(values);
  if (values.hours !== undefined) return await measure(numberOf('--hours', values.hours, 1));
  const options = optionsOf(values);
  if (values.seed !== undefined) return await runOne(numberOf('--seed', values.seed), options, values);
  const from = numberOf('--from', values.from ?? '1');
  if (values.minutes === undefined) {
    const count = numberOf('--seeds', values.seeds ?? '100', 1);
    return await runMany(options, { from, count, mostMs: Number.POSITIVE_INFINITY });
  }
  const mostMs = numberOf('--minutes', values.minutes, 1) * 60_000;
  await runMany(options, { from, count: Number.POSITIVE_INFINITY, mostMs });
}

/** Whether each option means something next to the others. */
function checkTogether(values: Values): void {
  const isGiven = (name: Name) => values[name] !== undefined;
  for (const [one, others] of APART)
    for (const other of others.filter((name) => isGiven(one) && isGiven(name)))
      throw new Error(`--${other} means nothing next to --${one}: leave one of them out`);
  for (const name of OF_ONE.filter(isGiven))
    if (!isGiven('seed')) throw new Error(`--${name} is about one run: say which with --seed`);
}

function optionsOf({ faults, asks = 'all', ...values }: Values): RunOptions {
  const { calls: hasCalls = false, budgets: hasBudgets = false } = values;
  const { large: isLarge = false, tight: isTight = false, closed: isClosed = false } = values;
  const kinds = faults === undefined ? DEFAULT_KINDS : kindsOf(faults);
  if (kindsIn({ kinds, hasBudgets }).length === 0)
    throw new Error(
      `--faults ${kinds} with --budgets leaves no kind of fault, as no clock is set there: name another`,
    );
  return { kinds, asks: stageOf(asks), hasCalls, hasBudgets, isLarge, isTight, isClosed };
}

async function runOne(
  seed: number,
  options: RunOptions,
  { trace = false, only }: { trace?: boolean | undefined; only?: string | undefined },
): Promise<void> {
  const kept = only === NONE ? [] : only?.split(',').map((text) => numberOf('--only', text));
  const { length } = faultsOf(seed, options);
  const beyond = kept?.find((place) => place >= length);
  if (beyond !== undefined)
    throw new Error(`--only names fault ${beyond}: seed ${seed} has ${length}, which count from 0`);
  const made = await runSeed(seed, { ...options, ...(kept ? { only: kept } : {}), keepsStory: trace });
  if (trace) console.log(made.story.join(''));
  tell(made);
  for (const fault of made.faults) console.log(`  ${faultText(fault)}`);
  if (made.failure) process.exitCode = 1;
}

async function measure(hours: number): Promise<void> {
  const { asks, eventsPerNodeHour, nodeHoursPerSecond } = await liveLightly(hours);
  console.log(
    `${asks} requests in ${hours} h: ${nodeHoursPerSecond.toFixed(1)} node-hours for each second of a processor, ${eventsPerNodeHour.toFixed(0)} events for each node-hour`,
  );
}

async function runMany(
  options: RunOptions,
  { from, count, mostMs }: { from: number; count: number; mostMs: number },
): Promise<void> {
  const began = performance.now();
  const before = process.cpuUsage();
  const sums = { runs: 0, failed: 0, nodeHours: 0, asks: 0, faults: 0 };
  for (let seed = from; seed < from + count && performance.now() - began < mostMs; seed++) {
    const report = await runSeed(seed, options);
    sums.runs++;
    sums.nodeHours += report.nodeHours;
    sums.asks += report.asks;
    sums.faults += report.faults.length;
    if (!report.failure) continue;
    sums.failed++;
    tell(report);
    await tellShortest(report, options);
  }
  if (sums.failed > 0) process.exitCode = 1;
  const { user, system } = process.cpuUsage(before);
  const [seconds, worked] = [(performance.now() - began) / 1000, (user + system) / 1e6];
  console.log(
    `${sums.runs} runs, ${sums.failed} failed; ${sums.asks} requests, ${sums.faults} faults, ${sums.nodeHours.toFixed(1)} node-hours in ${seconds.toFixed(1)} s (${(sums.nodeHours / worked).toFixed(1)} for each second of a processor)`,
  );
}

async function tellShortest(report: RunReport, options: RunOptions): Promise<void> {
  const shortest = await shrink(report, options, SHRINK_MS);
  const places = shortest.faults.map((fault) =>
    report.faults.findIndex((one) => faultText(one) === faultText(fault)),
  );
  console.log(`  with ${shortest.faults.length} of ${report.faults.length} faults: ${reasonOf(shortest)}`);
  for (const fault of shortest.faults) console.log(`    ${faultText(fault)}`);
  const only = ` --only ${places.length > 0 ? places : NONE}`;
  const faults = options.kinds === DEFAULT_KINDS ? '' : ` --faults ${options.kinds}`;
  const asks = options.asks && options.asks !== 'all' ? ` --asks ${options.asks}` : '';
  const world = worldOf(options);
  console.log(`  npm run simulate -- --seed ${report.seed}${faults}${asks}${world}${only} --trace`);
}

/** What chose the world of a run, as it is typed. */
function worldOf({ hasCalls, hasBudgets, isLarge, isTight, isClosed }: RunOptions): string {
  const chosen = { calls: hasCalls, budgets: hasBudgets, closed: isClosed, large: isLarge, tight: isTight };
  return Object.entries(chosen)
    .map(([name, isChosen]) => (isChosen ? ` --${name}` : ''))
    .join('');
}

function tell(report: RunReport): void {
  const { seed, hash, asks, faults, events } = report;
  console.log(
    `seed ${seed} ${hash}: ${asks} requests, ${faults.length} faults, ${events} events: ${reasonOf(report)}`,
  );
}

function reasonOf({ failure }: RunReport): string {
  if (!failure) return 'all promises kept';
  return failure.name === 'BrokenPromise' ? failure.message : (failure.stack ?? failure.message);
}

function kindsOf(text: string): FaultKind[] {
  return text.split(',').map((word) => {
    const kind = FAULT_KINDS.find((known) => known === word);
    if (!kind) throw new Error(`--faults names ${word || 'nothing'}: it may name ${FAULT_KINDS.join(', ')}`);
    return kind;
  });
}

function stageOf(text: string): Asks {
  const stage = ASKS.find((known) => known === text);
  if (!stage) throw new Error(`--asks is ${text}: it may be ${ASKS.join(', ')}`);
  return stage;
}

function numberOf(option: string, text: string, least = 0): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(number) || number < least)
    throw new Error(`${option} is ${text}: it must be a whole number, ${least} or more`);
  return number;
}
