import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { newMessage } from '../src/message/message.ts';
import { startBroker } from '../test/support/broker.ts';
import { makeCertificates } from '../test/support/certificates.ts';
import { freePort } from '../test/support/free-port.ts';
import { Inspector, inspectedCommand } from '../test/support/inspector.ts';
import { type StewardNode, startStewardNode } from '../test/support/node.ts';
import { processesIn } from '../test/support/processes.ts';
import { tempFolder } from '../test/support/temp-folder.ts';
import { waitFor } from '../test/support/wait-for.ts';
import { startWireClient, type WireClient } from '../test/support/wire-client.ts';
import { FLOODS as FIRST } from './flood-list.ts';
import { NEIGHBOURS } from './neighbour-list.ts';

const FLOODS = { ...FIRST, ...NEIGHBOURS };

const USAGE = `Usage: npm run bench:floods -- [NAME...] [--after 60] [--heap FOLDER]

Sends what hostile or made-up senders may to a node, one node for each flood, and prints its memory in MB: before, at the peak, and so
many seconds after it has worked that off; the longest turn of its event loop, ms of processor time; and what it logged, kB. --heap: also writes there what its main thread holds then, as a heap snapshot.
Floods: ${Object.keys(FLOODS).join(', ')}.`;
/** A node is calm when it uses less of a processor than this, s in 2 s. */
const CALM_SECONDS = 0.6;
/** How often a node is to look whether a turn has ended, ms. */
const LOOK_MS = 10;
const PLACE = { toNode: 'ship1', fromNode: 'tester', directory: 'd', fileName: 'f' };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    after: { type: 'string', default: '60' },
    heap: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
process.env.STEWARD_TEST_BUILT = '1';
console.log(`${'flood'.padEnd(20)}  idle  peak  over after  over  turn   log`);
for (const name of positionals.length > 0 ? positionals : Object.keys(FLOODS)) await measure(name);
process.exit(0);

async function measure(name: string): Promise<void> {
  await using broker = await startBroker(undefined, { config: 'max_payload: 1MB\nmax_pending: 256MB' });
  await using folder = await tempFolder();
  const [tcp, http, api, web] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const { certificate, key } = await makeCertificates(folder.path);
  const flags = {
    ...{
      tcpListener: `127.0.0.1:${tcp}`,
      httpListener: `127.0.0.1:${http}`,
      apiListener: `127.0.0.1:${api}`,
    },
    ...{ webListener: `127.0.0.1:${web}`, webCertFile: certificate, webKeyFile: key },
  };
  await using ship = await startStewardNode({ name: 'ship1', broker, command: inspectedCommand(), flags });
  await using client = await startWireClient(broker);
  // Its commands would outlive a node that is killed, and slow down the next measurement.
  await using _commands = { [Symbol.asyncDispose]: () => endCommands(ship) };
  await warmUp(client, ship);
  const idle = await memoryAtRest(ship);
  await writeFile(`/proc/${ship.pid}/clear_refs`, '5');
  const logged = ship.program.stderr.length;
  await watchTurns(ship);
  await FLOODS[name]!(client, { tcp, http, api, web, socket: ship.socketPath });
  await untilCalm(client, ship);
  await pause(Number(values.after) * 1000);
  const [peak, after] = [await ship.peakRssBytes(), await ship.rssBytes()];
  const figures = [idle, peak, peak - idle, after, after - idle].map(mb);
  const logs = (ship.program.stderr.length - logged) / 1024;
  await using inspector = await Inspector.attach(ship);
  const turn = Number(await inspector.evaluate('longestTurn')) / 1000;
  console.log(name.padEnd(20), ...figures, ...[turn, logs].map((figure) => figure.toFixed(0).padStart(5)));
  if (values.heap === undefined) return;
  await inspector.collectGarbage();
  await inspector.evaluate(
    `require('v8').writeHeapSnapshot(${JSON.stringify(`${values.heap}/${name}.heapsnapshot`)})`,
  );
}

/** What the first messages and commands make a node load is no part of what a flood costs. */
async function warmUp(client: WireClient, ship: StewardNode): Promise<void> {
  const append = newMessage({ ...PLACE, method: 'REQToFileAppend', data: [Buffer.from('x')] });
  for (let at = 1; at <= 2000; at++) client.send({ message: append, lane: `appends/${at}/1` });
  const fields = { methodArgs: ['true'], replyMethod: 'REQNone' };
  const run = newMessage({ ...PLACE, method: 'REQCliCommand', ...fields });
  for (let at = 1; at <= 20; at++) client.send({ message: run, lane: `runs/${at}/1` });
  await waitFor('the first appends', async () => (await ship.file('d/ship1/f')).length === 2000);
  const ended = 'SELECT count(*) AS n FROM journal WHERE ended_at IS NOT NULL';
  await waitFor('the first commands', () => ship.query(ended)[0]!.n === 20);
}

/** Has a node measure its turns: what its main thread works between two looks, which it can take only when a turn ends. */
async function watchTurns(ship: StewardNode): Promise<void> {
  await using inspector = await Inspector.attach(ship);
  await inspector.evaluate(`
    globalThis.longestTurn = 0;
    let before = process.threadCpuUsage();
    setInterval(() => {
      const now = process.threadCpuUsage();
      longestTurn = Math.max(longestTurn, now.user + now.system - before.user - before.system);
      before = now;
    }, ${LOOK_MS}).unref();
    0;`);
}

/** Waits until a node has taken what came last, and has little to do. */
async function untilCalm(client: WireClient, ship: StewardNode): Promise<void> {
  const message = newMessage({ ...PLACE, method: 'REQToFile', fileName: 'last', data: [Buffer.from('x')] });
  const isTaken = async () => {
    const { headers } = await client.ask({ message, lane: 'last/1/1' });
    return /accepted|duplicate/.test(headers['Steward-Status'] ?? '');
  };
  await waitFor('the last message to be taken', isTaken, { timeoutMs: 300_000 });
  for (let worked = CALM_SECONDS; worked >= CALM_SECONDS; ) {
    const before = await cpuSeconds(ship.pid);
    await pause(2000);
    worked = (await cpuSeconds(ship.pid)) - before;
  }
}

/** Ends the node, and what its commands left. */
async function endCommands(ship: StewardNode): Promise<void> {
  await ship.kill();
  const pids = await processesIn(ship.folder);
  if (pids.length > 0) spawnSync('kill', ['-KILL', ...pids.map(String)]);
}

async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function memoryAtRest(ship: StewardNode): Promise<number> {
  await using inspector = await Inspector.attach(ship);
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 8; look++) {
    await inspector.collectGarbage();
    await pause(250);
    least = Math.min(least, await ship.rssBytes());
  }
  return least;
}

function mb(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0).padStart(5);
}
