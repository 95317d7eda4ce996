import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './actor.ts';
import { DemoError } from './demo-error.ts';
import { DemoFleet } from './demo-fleet.ts';
import type { Stage } from './stage.ts';

export interface DemoOptions {
  /** Whether the fleet is left running to play with, until the signal is aborted. */
  readonly keeps: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted where the demo is to end early. */
  readonly signal: AbortSignal;
}

/** What nodes of the demo are given of the environment: what is set for other nodes must not reach them. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TERM', 'TMPDIR', 'SystemRoot'];

/**
 * Plays the demo in a temporary folder, which goes at its end: a broker and three nodes as real processes, one that
 * dies and comes back, and a check of every claim. Returns whether all was as it should be.
 */
export async function playDemo(options: DemoOptions, stage: Stage): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'steward-demo-'));
  const startedAt = performance.now();
  try {
    await using fleet = await DemoFleet.open({ folder, env: environmentOf(options.env) }, stage);
    const stopped = new Promise<'stopped'>((resolve) => {
      options.signal.addEventListener('abort', () => resolve('stopped'), { once: true });
    });
    const played = await Promise.race([
      stopped,
      playScenes({ fleet, stage }).catch((error: Error) => {
        if (!options.signal.aborted) tellFailure(error, fleet, stage);
        return 'failed' as const;
      }),
    ]);
    if (played !== undefined) return false;
    tellEnd(stage, performance.now() - startedAt);
    if (options.keeps) await keep(fleet, stage, stopped);
    return true;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function tellEnd(stage: Stage, ms: number): void {
  stage.scene('That was Steward');
  stage.tell(`Everything above was done by real processes and checked, in ${Math.round(ms / 1000)} s.`);
  stage.tell('Next: README.md, or steward help.');
}

async function keep(fleet: DemoFleet, stage: Stage, stopped: Promise<unknown>): Promise<void> {
  stage.scene('The fleet goes on until Ctrl-C');
  for (const { name, pid } of fleet.running()) stage.tell(`${name.padEnd(8)} process ${pid}`);
  stage.tell('In another terminal:');
  stage.command(`cd ${fleet.folderOf('central')}`);
  stage.command('steward exec ship1 -- uptime');
  stage.command('steward stew');
  await stopped;
}

function tellFailure(error: Error, fleet: DemoFleet, stage: Stage): void {
  stage.failed(error.message);
  for (const { name } of fleet.running()) {
    stage.tell(`The end of the log of ${name}:`);
    stage.output(fleet.logOf(name).split('\n').slice(-12).join('\n'));
  }
}

function environmentOf(env: DemoOptions['env']): DemoOptions['env'] {
  return Object.fromEntries(PASSED_ON.map((name) => [name, env[name]]));
}

interface Play {
  readonly fleet: DemoFleet;
  readonly stage: Stage;
}

/** How many commands central is killed in the middle of. */
const MANY = 60;
const KILL_AFTER = 15;

/** Plays all scenes. Throws DemoError at the first thing that is not as it should be. */
async function playScenes(play: Play): Promise<void> {
  await fleetStarts(play);
  await commandOnBoth(play);
  await logIsFollowed(play);
  await shipIsAway(play);
  await centralDies(play);
}

async function fleetStarts({ fleet, stage }: Play): Promise<void> {
  stage.scene('A fleet');
  stage.tell(
    'Three nodes as processes of their own. central carries a small broker for trying things out; ship1 and ship2 ' +
      'connect to it, and need no open port.',
  );
  for (const name of ['central', 'ship1', 'ship2']) await fleet.start(name);
  await nodesAre(fleet, { ship1: 'here', ship2: 'here' });
  await fleet.stewardDoes('nodes');
  stage.checked('all three run and know of each other');
}

async function commandOnBoth({ fleet, stage }: Play): Promise<void> {
  stage.scene('A command on every ship');
  const output = await fleet.stewardDoes('exec', 'ship*', '--', 'sh', '-c', 'echo hello from a $(uname -s)');
  for (const ship of ['ship1', 'ship2']) seen(output, `[${ship}] hello from a`);
  stage.checked('both ran it, and their output and exit codes came back');
}

async function logIsFollowed({ fleet, stage }: Play): Promise<void> {
  stage.scene('A log that is followed');
  const path = join(fleet.folderOf('ship1'), 'engine.log');
  await writeFile(path, '');
  stage.tell('An engine on ship1 writes a log; central follows it while it grows.');
  await using tail = await fleet.begin('tail', 'ship1', path);
  const said = ['oil pressure normal', 'temperature 81', 'temperature 97'];
  // The first line is written until it is seen: following has begun then.
  await until('the first line of the log', async () => {
    if (tail.hasEnded) throw new DemoError('ended', `steward tail ended at once: ${tail.output}`);
    if (!tail.output.includes('engine started')) await appendFile(path, 'engine started\n');
    return tail.output.includes('engine started') || undefined;
  });
  await appendFile(path, said.map((line) => `${line}\n`).join(''));
  await until('the lines of the log', () => said.every((line) => tail.output.includes(line)) || undefined);
  await tail.stop('SIGINT');
  stage.output([...new Set(tail.output.split('\n'))].join('\n'));
  stage.checked('every line arrived; Ctrl-C ended the following on ship1 too');
}

async function shipIsAway({ fleet, stage }: Play): Promise<void> {
  stage.scene('A ship that is away');
  stage.tell('ship2 loses its power. A command for it is accepted all the same, and waits on disk.');
  await fleet.kill('ship2');
  await fleet.stewardDoes('exec', 'ship2', '--detach', '--', 'echo', 'this waited for ship2');
  await nodesAre(fleet, { ship2: 'away' });
  const [waiting] = await requestsOf(fleet, '--node', 'ship2', '--limit', '1');
  if (waiting === undefined || !['queued', 'sent'].includes(waiting.state))
    throw new DemoError('not-so', `the command should wait, but is ${waiting?.state ?? 'unknown'}`);
  await fleet.stewardDoes('why', waiting.id);
  stage.checked('nothing is lost, and Steward says what it waits for');
  stage.tell('ship2 is back:');
  await fleet.start('ship2');
  await fleet.stewardDoes('watch', waiting.id);
  const output = await (await fleet.quietly('status', waiting.id)).end();
  seen(output.output, 'this waited for ship2');
  stage.checked('it was delivered by itself, run once, and its output is back');
}

async function centralDies({ fleet, stage }: Play): Promise<void> {
  stage.scene('central dies in mid-work');
  const numbers = join(fleet.folderOf('ship1'), 'numbers');
  const messages = Array.from({ length: MANY }, (_, index) => ({
    toNode: 'ship1',
    method: 'REQCliCommand',
    methodArgs: ['sh', '-c', `sleep 0.02; echo ${index + 1} >> numbers`],
    replyMethod: 'REQNone',
  }));
  await writeFile(join(fleet.folderOf('central'), 'many.json'), JSON.stringify(messages, undefined, 1));
  stage.tell(
    `${MANY} commands for ship1, each of which adds its number to a file. In the middle of them central is killed, and ` +
      'the broker with it.',
  );
  await fleet.stewardDoes('send', 'many.json');
  const written = async () => (await readFile(numbers, 'utf8').catch(() => '')).split('\n').slice(0, -1);
  await until('some of the commands', async () => (await written()).length >= KILL_AFTER || undefined);
  await fleet.kill('central');
  stage.checked(`central is dead; ship1 had done ${(await written()).length} of ${MANY}`);
  await fleet.start('central');
  await until('all commands', async () => (await written()).length >= MANY || undefined);
  await until('their reports', async () => {
    const ended = await requestsOf(fleet, '--node', 'ship1', '--state', 'succeeded', '--limit', String(MANY));
    return ended.length === MANY || undefined;
  });
  await fleet.stewardDoes('status');
  const expected = Array.from({ length: MANY }, (_, index) => String(index + 1));
  if ((await written()).join() !== expected.join())
    throw new DemoError(
      'not-so',
      `the file should count to ${MANY}, but holds ${(await written()).join(' ')}`,
    );
  stage.checked(`the file counts from 1 to ${MANY}: each command ran once, in order, and none was lost`);
}

interface Request {
  readonly id: string;
  readonly state: string;
}

async function requestsOf(fleet: DemoFleet, ...filter: readonly string[]): Promise<Request[]> {
  const actor = await fleet.quietly('status', '--jsonl', ...filter);
  return lines<Request>(await actor.end());
}

async function nodesAre(fleet: DemoFleet, wanted: Readonly<Record<string, string>>): Promise<void> {
  await until(`the nodes to be ${JSON.stringify(wanted)}`, async () => {
    const actor = await fleet.quietly('nodes', '--jsonl');
    const nodes = lines<{ name: string; presence: string }>(await actor.end());
    const found = new Map(nodes.map(({ name, presence }) => [name, presence]));
    return Object.entries(wanted).every(([name, presence]) => found.get(name) === presence) || undefined;
  });
}

function lines<T>({ output }: { readonly output: string }): T[] {
  return output.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as T] : []));
}

function seen(output: string, text: string): void {
  if (!output.includes(text)) throw new DemoError('not-so', `the output should show ${JSON.stringify(text)}`);
}
