import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { processMemory } from '../test/support/process-memory.ts';
import { EmulatedFleet } from './many-nodes/emulated-fleet.ts';
import type { Row } from './row.ts';
import { formatTable } from './table.ts';

const USAGE = `Usage: npm run bench:nodes -- [--nodes 1000] [--away 30] [--idle 30] [--queued 100] [--json]

Measures one central node with many others, which are emulated in processes of 1,000, over a nats-server: all on this
machine. --away: of how many percent the nodes come after the first command. --idle: for how many seconds idleness is measured.
--queued: how many messages wait for each node that is away.`;

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '1000' },
    away: { type: 'string', default: '30' },
    idle: { type: 'string', default: '30' },
    queued: { type: 'string', default: '100' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const nodes = Number(values.nodes);
const here = Math.round(nodes * (1 - Number(values.away) / 100));
/** The goals are for this many nodes; those of time and memory are in proportion. */
const share = nodes / 10_000;
const TICKS_PER_SECOND = 100;
const rows: Row[] = [];

process.env.STEWARD_TEST_BUILT = '1';
await using fleet = await EmulatedFleet.start(nodes);
await measureJoining();
await measureIdle();
await measureExec();
await measureQueue();
await measureCentralKilled();
await measureBrokerKilled();
console.log(values.json ? JSON.stringify(rows, null, 2) : formatTable(rows));
process.exitCode = rows.some(({ fault }) => fault !== undefined) ? 1 : 0;

async function measureJoining(): Promise<void> {
  const before = await cpuSeconds();
  const began = performance.now();
  await fleet.come(0, here);
  await fleet.present(here);
  const seconds = (performance.now() - began) / 1000;
  const cpu = (await cpuSeconds()) - before;
  note('joins', `${here} nodes connect and say hello`, {
    value: seconds,
    unit: 's',
    goal: { atMost: 60 * (here / 1000) },
  });
  note('joins', "central's processor for a node that comes", { value: (cpu / here) * 1000, unit: 'ms' });
}

async function measureIdle(): Promise<void> {
  const seconds = Number(values.idle);
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  const before = await cpuSeconds();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const percent = (((await cpuSeconds()) - before) / seconds) * 100;
  note('idle', `central with ${here} nodes, idle`, {
    value: percent,
    unit: '% of a core',
    goal: { atMost: 3 * share },
  });
  note('idle', 'memory of central, idle', { value: (await memory()).now, unit: 'MB', goal: { atMost: 160 } });
}

/** A command to all nodes there are, those that are away included: they run it when they come. */
async function measureExec(): Promise<void> {
  await fleet.exec([fleet.names[0]!]).then((batch) => fleet.succeeded(batch, 1));
  await forgetPeak();
  const ranBefore = (await fleet.standing()).ran;
  const before = await cpuSeconds();
  const began = performance.now();
  const batch = await fleet.exec(fleet.names);
  await fleet.succeeded(batch, 1);
  const first = (performance.now() - began) / 1000;
  await fleet.succeeded(batch, here);
  const seconds = (performance.now() - began) / 1000;
  const cpu = (await cpuSeconds()) - before;
  note('exec', 'first answer', { value: first, unit: 's', goal: { atMost: 0.3 } });
  note('exec', `${here} answers of nodes that are here`, {
    value: seconds,
    unit: 's',
    goal: { atMost: 8 * share },
  });
  note('exec', "central's processor for a node", {
    value: (cpu / nodes) * 1000,
    unit: 'ms',
    goal: { atMost: 0.35 },
  });
  note('exec', 'memory of central at the peak', {
    value: (await memory()).peak,
    unit: 'MB',
    goal: { atMost: 300 },
  });
  const came = performance.now();
  await fleet.come(here, nodes);
  await fleet.succeeded(batch, nodes);
  note('exec', `${nodes - here} nodes come and run it`, {
    value: (performance.now() - came) / 1000,
    unit: 's',
  });
  await expectRuns('exec', ranBefore + nodes);
}

async function measureQueue(): Promise<void> {
  const count = Number(values.queued);
  if (count === 0) return;
  const before = (await memory()).now;
  const names = Array.from({ length: nodes }, (_, index) => `absent${index}`);
  for (let round = 0; round < count; round++) await fleet.exec(names);
  const more = (await memory()).now - before;
  note('queue', `${nodes} absent x ${count} queued: more memory`, {
    value: more,
    unit: 'MB',
    goal: { atMost: 60 },
  });
  await fleet.central.kill();
  const began = performance.now();
  await fleet.central.start();
  note('queue', 'start of central with that', {
    value: (performance.now() - began) / 1000,
    unit: 's',
    goal: { atMost: 3 },
  });
}

/** Central dies while a command is on its way to all. */
async function measureCentralKilled(): Promise<void> {
  const ranBefore = (await fleet.standing()).ran;
  const batch = await fleet.exec(fleet.names);
  await fleet.succeeded(batch, 1);
  await fleet.central.kill();
  await fleet.central.start();
  const seconds = await fleet.succeeded(batch, nodes);
  note('central killed', `all ${nodes} answers, from its start on`, { value: seconds, unit: 's' });
  await expectRuns('central killed', ranBefore + nodes);
}

async function measureBrokerKilled(): Promise<void> {
  await fleet.broker.kill();
  await fleet.gone();
  await fleet.broker.restart();
  const seconds = await fleet.connected(Math.floor(nodes * 0.99));
  note('broker killed', '99 % of the nodes are connected again', {
    value: seconds,
    unit: 's',
    goal: { atMost: 60 },
  });
  const ranBefore = (await fleet.standing()).ran;
  const batch = await fleet.exec(fleet.names);
  const until = await fleet.succeeded(batch, nodes);
  note('broker killed', `a command to all ${nodes} after that`, { value: until, unit: 's' });
  await expectRuns('broker killed', ranBefore + nodes);
}

/** Every request ran, and none of them twice. */
async function expectRuns(name: string, count: number): Promise<void> {
  const { ran, ranAgain } = await fleet.standing();
  if (ran === count && ranAgain === 0) return;
  rows.push({
    name,
    figure: `${name}: run once`,
    unit: '',
    fault: `${ran} of ${count} ran, ${ranAgain} of them twice`,
  });
}

function note(name: string, figure: string, about: Omit<Row, 'name' | 'figure'>): void {
  console.error(`${name}: ${figure}: ${about.value?.toFixed(2)} ${about.unit}`);
  rows.push({ name, figure: `${name}: ${figure}`, ...about });
}

/** What central has worked since its start, s. */
async function cpuSeconds(): Promise<number> {
  const stat = await readFile(`/proc/${fleet.central.pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function memory(): Promise<{ now: number; peak: number }> {
  const { rssBytes, peakBytes } = await processMemory(fleet.central.pid);
  return { now: rssBytes / 1024 / 1024, peak: peakBytes / 1024 / 1024 };
}

/** The peak is measured from now on. */
async function forgetPeak(): Promise<void> {
  await writeFile(`/proc/${fleet.central.pid}/clear_refs`, '5');
}
