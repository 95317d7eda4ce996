import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { installIfPossible } from '../../scripts/install-programs.ts';
import { startBroker } from '../../test/support/broker.ts';
import { callSteward } from '../../test/support/cli-call.ts';
import { startStewardNode } from '../../test/support/node.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import type { Row } from '../row.ts';
import { median } from '../statistics.ts';
import { formatTable } from '../table.ts';
import { type SshFarm, startSshFarm } from './ssh-farm.ts';

const USAGE = `Usage: npm run bench:peers -- [--targets 1,20,100] [--rounds 5]

Runs \`true\` on targets of this machine with steward exec, Ansible's raw module and ClusterShell's clush, in turns, and prints
how long each takes compared with Steward. "First" opens its connections; "again" finds them open, as Steward's always are: its first
command is the first that nodes run after their start. Ansible, clush and sshd are installed on Debian as root, and left out
where they are missing.`;

const PROJECT = resolve(import.meta.dirname, '../..');
const PROGRAMS = [
  { command: 'sshd', debianPackage: 'openssh-server' },
  { command: 'ssh', debianPackage: 'openssh-client' },
  { command: 'ansible', debianPackage: 'ansible-core' },
  { command: 'clush', debianPackage: 'clustershell' },
];

/** A way to run one command on many targets: its name, and its command line. */
interface Way {
  readonly name: string;
  line(targets: readonly string[], isFirst: boolean): readonly string[];
  env(isFirst: boolean): NodeJS.ProcessEnv;
}

const { values } = parseArgs({
  options: {
    targets: { type: 'string', default: '1,20,100' },
    rounds: { type: 'string', default: '5' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const counts = values.targets.split(',').map(Number);
const rounds = Number(values.rounds);
if (!counts.every((count) => count >= 1) || !(rounds >= 1)) {
  console.error(`--targets takes numbers such as 1,20,100, --rounds a number.\n\n${USAGE}`);
  process.exit(2);
}
process.env.STEWARD_TEST_BUILT = '1';
const missing = installIfPossible(PROGRAMS).map(({ command }) => command);
await using stack = new AsyncDisposableStack();
const farm =
  missing.includes('sshd') || missing.includes('ssh') ? undefined : stack.use(await startSshFarm());
const peers = farm === undefined ? [] : [ansible(farm), clush(farm)];
const ways = peers.filter(({ name }) => !missing.includes(name));
if (missing.length > 0) console.error(`left out, as it is not installed: ${missing.join(', ')}`);

const rows: Row[] = [];
for (const count of counts) rows.push(...(await measure(count)));
console.log(formatTable(rows));

/** Starts a fleet of this many nodes, and runs the command on all of them in each way. */
async function measure(count: number): Promise<Row[]> {
  console.error(`measuring ${count} targets ...`);
  await using fleet = new AsyncDisposableStack();
  const broker = fleet.use(await startBroker());
  const central = fleet.use(await startStewardNode({ name: 'central', broker }));
  const targets = Array.from({ length: count }, (_, index) => `node${index + 1}`);
  // A few at a time, as each takes a core while it starts.
  for (let first = 0; first < count; first += 5) {
    const some = targets.slice(first, first + 5);
    const started = await Promise.all(some.map((name) => startStewardNode({ name, broker })));
    for (const node of started) fleet.use(node);
  }
  const socketPath = join(central.folder, 'tmp/stew.sock');
  await waitFor('central to know all', async () => {
    const { stdout } = await callSteward(['nodes', '--jsonl', 'node*'], { socketPath });
    return stdout.trimEnd().split('\n').length >= targets.length;
  });
  const all = [steward(socketPath), ...ways];
  const first: number[] = [];
  for (const way of all) first.push(await run(way, targets, true));
  // Connections that stay open are opened by the command before.
  for (const way of all) await run(way, targets, false);
  const again = all.map(() => [] as number[]);
  for (let round = 0; round < rounds; round += 1)
    for (const [index, way] of all.entries()) again[index]!.push(await run(way, targets, false));
  const times = all.map(({ name }, index) => ({ name, first: first[index]!, again: median(again[index]!) }));
  return (['first', 'again'] as const).flatMap((when) =>
    times.map(({ name, ...took }): Row => {
      const own = times[0]![when];
      const figure = `${count} ${count === 1 ? 'target' : 'targets'}, ${when}: ${name}`;
      const beside = name === 'steward' ? {} : { limit: own, ratio: took[when] / own };
      return { name: 'peers', figure, value: took[when], unit: 'ms', ...beside };
    }),
  );
}

function steward(socket: string): Way {
  const program = (process.env.STEWARD_TEST_PROGRAM?.trim() || join(PROJECT, 'bin/steward')).split(/\s+/);
  return {
    name: 'steward',
    line: (targets) => [...program, 'exec', '--yes', ...targets, '--', 'true'],
    env: () => ({ STEWARD_SOCKET: socket }),
  };
}

function ansible(farm: SshFarm): Way {
  return {
    name: 'ansible',
    line: (targets) => [
      ...['ansible', 'all', '-i', farm.inventory(targets), '-m', 'raw', '-a', 'true'],
      ...['-f', String(targets.length)],
    ],
    env: (isFirst) => ({ ANSIBLE_SSH_ARGS: `-F ${isFirst ? farm.coldConfig : farm.warmConfig}` }),
  };
}

function clush(farm: SshFarm): Way {
  return {
    name: 'clush',
    line: (targets, isFirst) => [
      ...['clush', '-f', String(targets.length), '-w', targets.join(',')],
      ...['-o', `-F ${isFirst ? farm.coldConfig : farm.warmConfig}`, 'true'],
    ],
    env: () => ({}),
  };
}

/** How long it took, ms. Throws where it failed on any target. */
async function run(way: Way, targets: readonly string[], isFirst: boolean): Promise<number> {
  const [command, ...args] = way.line(targets, isFirst);
  const env = { ...process.env, ...way.env(isFirst) };
  const before = performance.now();
  const child = spawn(command!, args, { cwd: PROJECT, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  const took = performance.now() - before;
  // ssh's shared connections keep the pipe.
  child.stderr!.destroy();
  if (code !== 0) throw new Error(`${way.name} on ${targets.length} targets ended with ${code}: ${said}`);
  return took;
}
