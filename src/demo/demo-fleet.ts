import { createServer } from 'node:net';
import { join } from 'node:path';
import { makeFolders } from '../lib/make-folders.ts';
import { joinWords } from '../lib/shell-words.ts';
import { type Actor, type ActorEnd, startActor, until } from './actor.ts';
import { DemoError } from './demo-error.ts';
import type { Stage } from './stage.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface FleetOptions {
  /** Each node gets a folder of its name below this one. */
  readonly folder: string;
  readonly env: Env;
}

/** The demo's nodes as processes of their own, and the commands that are given to central. */
export class DemoFleet implements AsyncDisposable {
  readonly folder: string;
  readonly #env: Env;
  readonly #stage: Stage;
  readonly #broker: string;
  readonly #nodes = new Map<string, Actor>();

  private constructor({ folder, env }: FleetOptions, stage: Stage, broker: string) {
    this.folder = folder;
    this.#env = env;
    this.#stage = stage;
    this.#broker = broker;
  }

  /** Makes a fleet without nodes, whose broker will be on a free port of this machine. */
  static async open(options: FleetOptions, stage: Stage): Promise<DemoFleet> {
    return new DemoFleet(options, stage, `127.0.0.1:${await freePort()}`);
  }

  /** The folder of a node. */
  folderOf(name: string): string {
    return join(this.folder, name);
  }

  /** Starts a node in its folder, and returns when it takes messages. */
  async start(name: string): Promise<void> {
    const broker = name === 'central' ? 'embeddedBroker' : 'brokerAddress';
    const args = [
      `-nodeName=${name}`,
      '-centralNodeName=central',
      `-${broker}=${this.#broker}`,
      '-natsConnectRetryInterval=1',
      '-startPubREQHello=2',
    ];
    const folder = this.folderOf(name);
    await makeFolders(folder);
    this.#stage.command(`cd ${name} && steward ${args.slice(0, 3).join(' ')} &`);
    const actor = await startActor({ folder, env: this.#env, args });
    this.#nodes.set(name, actor);
    await until(`${name} to start`, () => {
      if (actor.hasEnded) throw new DemoError('ended', `${name} ended at its start:\n${actor.output}`);
      return actor.output.includes('"msg":"started"') || undefined;
    });
  }

  /** Ends a node at once, as a power cut would. */
  async kill(name: string): Promise<void> {
    const actor = this.#nodes.get(name)!;
    this.#stage.command(`kill -9 ${actor.pid}     # ${name}`);
    await actor.kill();
  }

  /** Gives central a command, as one would type it in central's folder, and shows what it prints. */
  async steward(...args: readonly string[]): Promise<ActorEnd> {
    const actor = await this.begin(...args);
    const end = await actor.end();
    this.#stage.output(end.output);
    return end;
  }

  /** Gives central a command whose exit code must be 0. */
  async stewardDoes(...args: readonly string[]): Promise<string> {
    const { exitCode, output } = await this.steward(...args);
    if (exitCode !== 0)
      throw new DemoError('not-so', `steward ${args[0]} ended with exit code ${exitCode}, not 0`);
    return output;
  }

  /** Gives central a command that goes on for a while. */
  async begin(...args: readonly string[]): Promise<Actor> {
    this.#stage.command(`steward ${joinWords(args)}`);
    return await this.quietly(...args);
  }

  /** Gives central a command without showing it. */
  async quietly(...args: readonly string[]): Promise<Actor> {
    return await startActor({ folder: this.folderOf('central'), env: this.#env, args });
  }

  /** The parts that run now, with their process ids. */
  running(): { readonly name: string; readonly pid: number }[] {
    return [...this.#nodes].flatMap(([name, actor]) => (actor.hasEnded ? [] : [{ name, pid: actor.pid }]));
  }

  /** What a node has written to its log since it was last started. */
  logOf(name: string): string {
    return this.#nodes.get(name)?.output ?? '';
  }

  /** Stops all nodes, central and its broker last; may be called twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { central, ...ships } = Object.fromEntries(this.#nodes);
    await Promise.all(Object.values(ships).map((ship) => ship.stop()));
    await central?.stop();
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
