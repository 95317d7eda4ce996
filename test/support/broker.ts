import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ChildProgram } from './child-program.ts';
import { disposeAfter, type TestScope } from './dispose-after.ts';
import { tempFolder } from './temp-folder.ts';
import { waitFor } from './wait-for.ts';

interface BrokerOptions {
  /** A port of 127.0.0.1; a free one unless told. */
  readonly port?: number;
  /** More lines for the broker's config file, such as `max_payload: 8KB` or an `authorization` block. */
  readonly config?: string;
}

/** Starts a real nats-server on 127.0.0.1, in a folder of its own, and returns when clients can connect. */
export async function startBroker(scope?: TestScope, options: BrokerOptions = {}): Promise<Broker> {
  const folder = await tempFolder();
  try {
    return disposeAfter(scope, await Broker.start(folder, options));
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

/** A running nats-server of the test's own. */
export class Broker implements AsyncDisposable {
  readonly port: number;
  #program: ChildProgram;
  #config: string;
  readonly #folder: AsyncDisposable & { readonly path: string };

  private constructor(started: Started, folder: AsyncDisposable & { readonly path: string }, config: string) {
    this.port = started.port;
    this.#program = started.program;
    this.#folder = folder;
    this.#config = config;
  }

  static async start(
    folder: AsyncDisposable & { readonly path: string },
    options: BrokerOptions,
  ): Promise<Broker> {
    const config = options.config ?? '';
    return new Broker(await launch(folder.path, options.port ?? -1, config), folder, config);
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
    this.#program = (await launch(this.#folder.path, this.port, config)).program;
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

async function launch(folder: string, port: number, config: string): Promise<Started> {
  const configFile = join(folder, 'nats.conf');
  await writeFile(configFile, `host: 127.0.0.1\nport: ${port}\n${config}\n`);
  const program = await run(configFile, folder);
  try {
    const found = await waitFor('nats-server to accept connections', () => {
      if (program.exit !== undefined) return { port: undefined };
      const listening = /client connections on 127\.0\.0\.1:(\d+)/.exec(program.stderr);
      return (
        program.stderr.includes('Server is ready') && listening !== null && { port: Number(listening[1]) }
      );
    });
    if (found.port === undefined) {
      throw new Error(`nats-server ended at its start\n${program.output()}`);
    }
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
