import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiClient } from '../../src/client/api-client.ts';
import { makeUserKey } from '../../src/lib/nkey.ts';
import { fleetUsers } from '../../src/security/fleet-users.ts';
import { natsConfig } from '../../src/security/nats-config.ts';
import { type Broker, startBroker } from '../../test/support/broker.ts';
import { withoutPort } from '../../test/support/broker-examples.ts';
import { type StewardNode, startStewardNode } from '../../test/support/node.ts';
import { apiSocketOf } from '../../test/support/node-api.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import type { NodeSpec } from './emulated-node.ts';
import type { Order, Standing } from './emulator.ts';

/** How many nodes one process emulates. */
const NODES_IN_PROCESS = 1000;
/** Heap of an emulator, MB. */
const EMULATOR_HEAP_MB = 6000;
/** How long a stage may take, and how much more each node makes it, ms: on a busy machine each takes 20 ms to come, of two cores. */
const [PATIENCE_MS, NODE_PATIENCE_MS] = [240_000, 60];
const LOOK_MS = 100;

/** A broker with a key for each node, the real central node, and processes full of others. */
export class EmulatedFleet implements AsyncDisposable {
  readonly broker: Broker;
  readonly central: StewardNode;
  readonly names: readonly string[];
  readonly api: ApiClient;
  readonly #stack: AsyncDisposableStack;
  readonly #emulators: readonly ChildProcess[];
  readonly #specs: readonly NodeSpec[];

  private constructor(
    parts: { broker: Broker; central: StewardNode; specs: readonly NodeSpec[] },
    emulators: readonly ChildProcess[],
    stack: AsyncDisposableStack,
  ) {
    this.broker = parts.broker;
    this.central = parts.central;
    this.#specs = parts.specs;
    this.names = parts.specs.map(({ name }) => name);
    this.#emulators = emulators;
    this.#stack = stack;
    this.api = stack.use(new ApiClient({ socketPath: apiSocketOf(parts.central) }));
  }

  /** Makes keys for `count` nodes, and starts broker, central and empty emulators. */
  static async start(count: number): Promise<EmulatedFleet> {
    await using stack = new AsyncDisposableStack();
    const { path } = stack.use(await tempFolder());
    const names = Array.from({ length: count }, (_, index) => `ship${String(index + 1).padStart(6, '0')}`);
    const keys = new Map(['central', ...names].map((name) => [name, makeUserKey()]));
    await mkdir(join(path, 'keys'), { mode: 0o700 });
    const seedFile = (name: string) => join(path, 'keys', `${name}.nk`);
    for (const [name, { seed }] of keys) await writeFile(seedFile(name), `${seed}\n`, { mode: 0o600 });
    const publicKeys = new Map([...keys].map(([name, { publicKey }]) => [name, publicKey]));
    const users = fleetUsers(publicKeys, { central: 'central', relays: [] });
    const config = withoutPort(natsConfig(users, { port: 4222 }));
    const broker = stack.use(await startBroker(undefined, { kind: 'nats-server', config }));
    const central = stack.use(
      await startStewardNode({ name: 'central', broker, flags: { nkeySeedFile: seedFile('central') } }),
    );
    const emulators: ChildProcess[] = [];
    for (let first = 0; first < count; first += NODES_IN_PROCESS) {
      const child = fork(join(import.meta.dirname, 'emulator.ts'), {
        execArgv: [`--max-old-space-size=${EMULATOR_HEAP_MB}`, '--disable-warning=ExperimentalWarning'],
      });
      stack.defer(() => void child.kill('SIGKILL'));
      await once(child, 'message');
      emulators.push(child);
    }
    const specs = names.map((name) => ({ name, url: broker.url, seedFile: seedFile(name) }));
    return new EmulatedFleet({ broker, central, specs }, emulators, stack.move());
  }

  /** Starts the nodes from one spec in the list to another. */
  async come(from: number, to: number): Promise<void> {
    await Promise.all(
      this.#emulators.map((child, process) => {
        const first = process * NODES_IN_PROCESS;
        const own = this.#specs.slice(Math.max(from, first), Math.min(to, first + NODES_IN_PROCESS));
        return ask(child, { start: own });
      }),
    );
  }

  /** How all nodes stand, together. */
  async standing(): Promise<Standing> {
    const each = await Promise.all(this.#emulators.map((child) => ask(child, { ask: true })));
    const sum = (field: keyof Standing) => each.reduce((total, one) => total + one[field], 0);
    return { nodes: sum('nodes'), connected: sum('connected'), ran: sum('ran'), ranAgain: sum('ranAgain') };
  }

  /** Seconds until this many nodes are connected. */
  async connected(count: number): Promise<number> {
    return await this.#secondsUntil(
      `${count} nodes to be connected`,
      async () => (await this.standing()).connected >= count,
    );
  }

  /** Seconds until every node knows that it has no connection. */
  async gone(): Promise<number> {
    return await this.#secondsUntil(
      'all nodes to be cut off',
      async () => (await this.standing()).connected === 0,
    );
  }

  /** Seconds until central shows this many nodes as present. */
  async present(count: number): Promise<number> {
    return await this.#secondsUntil(`central to show ${count} nodes`, async () => {
      const { presences } = await this.api.nodePage({ limit: 1 });
      // Central is here too.
      return presences.here > count;
    });
  }

  /** Asks nodes to run a command; the batch. */
  async exec(toNodes: readonly string[]): Promise<string> {
    const message = {
      toNodes,
      method: 'REQCliCommand',
      methodArgs: ['true'],
      methodTimeout: 60,
      replyMethod: 'REQNone',
    };
    const { batch, refused } = await this.api.submit([message]);
    if (batch === undefined || refused.length > 0)
      throw new Error(`central refused a command: ${JSON.stringify(refused[0])}`);
    return batch;
  }

  /** Seconds until this many requests of a batch have succeeded. */
  async succeeded(batch: string, count: number): Promise<number> {
    return await this.#secondsUntil(
      `${count} of batch ${batch} to succeed`,
      async () => (await this.#succeeded(batch)) >= count,
    );
  }

  async #succeeded(batch: string): Promise<number> {
    const { counts } = await this.api.batch(batch);
    return counts.succeeded ?? 0;
  }

  async #secondsUntil(what: string, isSo: () => Promise<boolean>): Promise<number> {
    const began = performance.now();
    await waitFor(what, async () => await isSo().catch(() => false), {
      timeoutMs: PATIENCE_MS + NODE_PATIENCE_MS * this.names.length,
      intervalMs: LOOK_MS,
    });
    return (performance.now() - began) / 1000;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

async function ask(child: ChildProcess, order: Order): Promise<Standing> {
  const heard = new AbortController();
  const { signal } = heard;
  const ended = once(child, 'exit', { signal }).then(([code]): never => {
    throw new Error(`an emulator of nodes ended with code ${code}`);
  });
  try {
    child.send(order);
    const [answer] = (await Promise.race([once(child, 'message', { signal }), ended])) as [Standing];
    return answer;
  } finally {
    ended.catch(() => {});
    heard.abort();
  }
}
