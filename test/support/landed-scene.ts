import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startBroker } from './broker.ts';
import { FAST_RECONNECT, submitAll, waitForEnd, waitForState } from './fleet.ts';
import type { LandedWire } from './landed.ts';
import { type StewardNode, startStewardNode } from './node.ts';
import { waitFor } from './wait-for.ts';
import { startWireClient } from './wire-client.ts';

/** Ten years: what is queued in the scene must not have expired when it is looked at. */
const TEN_YEARS = 315_360_000;
const PLACE = { directory: 'scene', fileName: 'out.log', ACKTimeout: 1 };
/** How many appends wait for ship2 in the end. */
export const QUEUED_APPENDS = 30;

/**
 * Plays a scene of all that nodes do between themselves and ends it as a power cut would: with requests that have ended in
 * every way, a command and a schedule that run, and a queue of several lanes for a node that is away. Hands over what
 * went over the wire, and the nodes, which have ended.
 */
export async function recordScene(
  command: readonly string[],
  take: (wire: LandedWire[], nodes: readonly StewardNode[]) => void,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const scope = { after: (work: () => Promise<void>) => stack.defer(work) };
  const broker = await startBroker(scope, { kind: 'nats-server', config: 'max_payload: 16KB' });
  const client = await startWireClient(broker, scope);
  const wire = await client.gather('>');
  const start = (name: string, startSubREQRelay = false) => {
    const flags = { ...FAST_RECONNECT, startPubREQHello: 1, startSubREQRelay };
    return startStewardNode({ name, broker, flags, command }, scope);
  };
  const [central, ship1, ship2] = await Promise.all([start('central', true), start('ship1'), start('ship2')]);
  await exchange(central, ship1);
  detach(command, central);
  await waitFor('the batch to end', () => openCount(central) === 0, { timeoutMs: 30_000 });
  await relay(ship1);
  await ship2.stop();
  await leaveOpen(central);
  await Promise.all([central.kill(), ship1.kill()]);
  const recorded = wire.map(({ payload, ...rest }) => ({
    ...rest,
    payload: Buffer.from(payload).toString('base64'),
  }));
  take(recorded, [central, ship1]);
}

/** Requests that end in every way that ends soon. */
async function exchange(central: StewardNode, ship1: StewardNode): Promise<void> {
  writeFileSync(join(ship1.folder, 'source'), 'a small file\n'.repeat(100));
  const to = { ...PLACE, toNode: 'ship1' };
  const ids = await submitAll(central, [
    bash('echo ran', to),
    bash('echo to stderr >&2; exit 3', to),
    bash("head -c 30000 /dev/zero | tr '\\0' x", { ...to, fileName: 'large.log' }),
    bash('for i in 1 2 3; do echo $i; sleep 0.2; done', { ...to, replyMethod: 'REQNone', output: 'live' }),
    { ...to, method: 'REQToFile', data: ['written\n'], fileName: 'file.txt' },
    ...numbers(5).map((n) => ({ ...to, method: 'REQToFileAppend', data: [`${n}\n`], fileName: 'lines.log' })),
    { ...to, method: 'REQPing', replyMethod: 'REQNone' },
    { ...to, method: 'REQOpProcessList', fileName: 'processes.log' },
    {
      ...to,
      method: 'REQCopyFileFrom',
      methodArgs: [join(ship1.folder, 'source'), 'central', join(central.folder, 'copied')],
      fileName: 'copy.log',
    },
    { ...to, method: 'REQCliCommand', methodArgs: ['/no/such/program'] },
    { ...to, method: 'REQCliCommand', methodArgs: ['sleep', '30'], methodTimeout: 1 },
  ]);
  for (const id of ids) await waitForEnd(central, id, 30_000);
}

/** A batch with a label, where the version has a command line for it. */
function detach(command: readonly string[], central: StewardNode): void {
  const [program, ...first] = command;
  const args = [...first, 'exec', 'ship*', '--detach', '--shell', 'echo batch'];
  try {
    execFileSync(program!, args, { cwd: central.folder, stdio: 'ignore', timeout: 10_000 });
  } catch {
    // A version without `exec` says so by its exit code.
  }
}

async function relay(ship1: StewardNode): Promise<void> {
  const [id] = await submitAll(ship1, {
    ...bash('echo relayed', { ...PLACE, toNode: 'ship2' }),
    relayViaNode: 'central',
    relayReplyMethod: 'REQToFileAppend',
    replyMethod: 'REQToFileAppend',
  });
  await waitForEnd(ship1, id!, 30_000);
}

/** What is under way and what waits when everything is cut off. */
async function leaveOpen(central: StewardNode): Promise<void> {
  const running = { ...PLACE, toNode: 'ship1', methodTimeout: TEN_YEARS / 10 };
  const ids = await submitAll(central, [
    bash('echo tick >> ticks', { ...running, schedule: [1, TEN_YEARS], fileName: 'ticks.log' }),
    bash('sleep 1000', running),
  ]);
  for (const id of ids) await waitForState(central, id, 'running', 20_000);
  const away = { ...PLACE, toNode: 'ship2', retries: 0 };
  await submitAll(central, [
    ...numbers(QUEUED_APPENDS).map((n) => ({
      ...away,
      ...(n % 3 === 0 && { expiresIn: 300_000_000 }),
      method: 'REQToFileAppend',
      data: [`${n}\n`],
      fileName: 'queued.log',
    })),
    ...numbers(10).map((n) => bash(`echo ${n} >> queued`, { ...away, replyMethod: 'REQNone' })),
    { ...away, method: 'REQToFile', data: ['queued\n'], fileName: 'queued.txt' },
    bash('echo tick >> ticks', { ...away, schedule: [1, 2], replyMethod: 'REQNone' }),
    bash('echo live', { ...away, replyMethod: 'REQNone', output: 'live' }),
  ]);
}

function bash(script: string, more: object): object {
  return { method: 'REQCliCommand', methodArgs: ['bash', '-c', script], methodTimeout: 60, ...more };
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function openCount(node: StewardNode): number {
  return node.query('SELECT key FROM ledger WHERE ended_at IS NULL').length;
}
