import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ChildProgram } from './child-program.ts';
import { disposeAfter, type TestScope } from './dispose-after.ts';
import { EMBEDDED_LISTENS, startEmbeddedBroker } from './embedded-broker.ts';
import { tempFolder } from './temp-folder.ts';
import { waitFor } from './wait-for.ts';

interface BrokerOptions {
  /** A port of 127.0.0.1; a free one unless told. */
  readonly port?: number;
  /** More lines for the broker's config file, such as `max_payload: 8KB` or an `authorization` block. */
  readonly config?: string;
  /** Which broker, where it must be this one by nature of the test, whatever STEWARD_TEST_BROKER says. */
  readonly kind?: BrokerKind | undefined;
  /** More arguments where it is `steward broker`. */
  readonly args?: readonly string[];
}

/** nats-server, or `steward broker`. */
export type BrokerKind = 'nats-server' | 'embedded';

/** What tests run over that do not ask for one of them: nats-server, unless STEWARD_TEST_BROKER=embedded. */
function usualKind(): BrokerKind {
  return process.env.STEWARD_TEST_BROKER === 'embedded' ? 'embedded' : 'nats-server';
}

/**
 * Starts a broker on 127.0.0.1, in a folder of its own, and returns when clients can connect: nats-server, or
 * `steward broker` where STEWARD_TEST_BROKER=embedded.
 */
export async function startBroker(scope?: TestScope, options: BrokerOptions = {}): Promise<Broker> {
  const folder = await tempFolder();
  try {
    return disposeAfter(scope, await Broker.start(folder, options));
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

/** A running broker of the test's own. */
export class Broker implements AsyncDisposable {
  readonly port: number;
  readonly #launch: (config: string, port: number) => Promise<Started>;
  #program: ChildProgram;
  #config: string;
  readonly #folder: AsyncDisposable & { readonly path: string };

  private constructor(
    started: Started,
    folder: AsyncDisposable & { readonly path: string },
    { config, launch }: { config: string; launch: (config: string, port: number) => Promise<Started> },
  ) {
    this.#launch = launch;
    this.port = started.port;
    this.#program = started.program;
    this.#folder = folder;
    this.#config = config;
  }

  static async start(
    folder: AsyncDisposable & { readonly path: string },
    options: BrokerOptions,
  ): Promise<Broker> {
    const { config: first = '', args = [], kind = usualKind() } = options;
    const launch = (config: string, port: number) => LAUNCH[kind](folder.path, { config, port, args });
    return new Broker(await launch(first, options.port ?? -1), folder, { config: first, launch });
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#program.pid;
  }

  /** What the broker has logged since it was last started. */
  get log(): string {
    return this.#program.stderr;
  }

  /** Ends the broker at once, as a power cut would. */
  async kill(): Promise<void> {
    await this.#program.kill();
  }

  /** Freezes the broker: its connections stay open and nothing comes through, as on a dead link. */
  pause(): void {
    this.#program.signal('SIGSTOP');
  }

  /** Ends a pause. */
  resume(): void {
    this.#program.signal('SIGCONT');
  }

  /** Starts it again on the same port, with another config where one is given; ends it first if it still runs. */
  async restart({ config = this.#config }: { config?: string } = {}): Promise<void> {
    await this.kill();
    this.#config = config;
    this.#program = (await this.#launch(config, this.port)).program;
  }

  /** Has nats-server read another config without losing its connections. */
  async reload(config: string): Promise<void> {
    const reloads = () => this.log.split('Reloaded server configuration').length;
    const before = reloads();
    await writeFile(configFileIn(this.#folder.path), configText(config, this.port));
    this.#program.signal('SIGHUP');
    await waitFor('the broker to read its config', () => reloads() > before);
  }

  /** Ends the broker and removes its folder; may be called twice. */
  async stop(): Promise<void> {
    await this.kill();
    await this.#folder[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

interface Started {
  readonly program: ChildProgram;
  readonly port: number;
}

/** How a broker is started; port -1 = one that is free. */
interface Plan {
  readonly config: string;
  readonly port: number;
  readonly args: readonly string[];
}

function configFileIn(folder: string): string {
  return join(folder, 'nats.conf');
}

function configText(config: string, port: number): string {
  return `host: 127.0.0.1\nport: ${port}\n${config}\n`;
}

async function launchNatsServer(folder: string, { config, port }: Plan): Promise<Started> {
  const configFile = configFileIn(folder);
  await writeFile(configFile, configText(config, port));
  const program = await run(configFile, folder);
  return whenListening(program, 'nats-server', () =>
    program.stderr.includes('Server is ready')
      ? /client connections on 127\.0\.0\.1:(\d+)/.exec(program.stderr)?.[1]
      : undefined,
  );
}

async function launchEmbedded(folder: string, plan: Plan): Promise<Started> {
  const program = await startEmbeddedBroker(folder, plan);
  return whenListening(program, 'steward broker', () => EMBEDDED_LISTENS.exec(program.stdout)?.[1]);
}

const LAUNCH: Readonly<Record<BrokerKind, (folder: string, plan: Plan) => Promise<Started>>> = {
  'nats-server': launchNatsServer,
  embedded: launchEmbedded,
};

/** Waits until a broker says its port; `name` is for the error where it ends instead. */
async function whenListening(
  program: ChildProgram,
  name: string,
  portOf: () => string | undefined,
): Promise<Started> {
  try {
    const found = await waitFor(`${name} to accept connections`, () => {
      if (program.exit !== undefined) return { port: undefined };
      const port = portOf();
      return port !== undefined && { port: Number(port) };
    });
    if (found.port === undefined) throw new Error(`${name} ended at its start\n${program.output()}`);
    return { program, port: found.port };
  } catch (error) {
    await program.kill();
    throw error;
  }
}

async function run(configFile: string, cwd: string): Promise<ChildProgram> {
  const path = `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/bin`;
  try {
    return await ChildProgram.start({
      command: process.env.STEWARD_TEST_NATS_SERVER ?? 'nats-server',
      args: ['-c', configFile],
      cwd,
      env: { ...process.env, PATH: path },
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error('nats-server is missing and the tests need it: apt-get install nats-server', {
      cause: error,
    });
  }
}
