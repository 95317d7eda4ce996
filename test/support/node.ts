import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ChildProgram, type Exit } from './child-program.ts';
import { disposeAfter, type TestScope } from './dispose-after.ts';
import { processMemory } from './process-memory.ts';
import { type Answer, submitTo } from './submit.ts';
import { tempFolder } from './temp-folder.ts';
import { waitFor, waitForFile } from './wait-for.ts';

/** A program that has not said by then that it has started never does. */
const SILENT_MS = 15_000;
const PROJECT = resolve(import.meta.dirname, '../..');

interface StewardNodeOptions {
  readonly name: string;
  /** The name of the central node; `central` unless told. */
  readonly central?: string;
  /** Where the broker is: a started one, or an address such as `127.0.0.1:4222`. */
  readonly broker: { readonly url: string } | string;
  /** Holds etc, tmp, var/lib and data; one of the node's own, removed at the end, unless told. */
  readonly folder?: string;
  /** More flags, without their dash: `{startSubREQRelay: true}`. They win over the ones set here. */
  readonly flags?: Readonly<Record<string, string | number | boolean>>;
  readonly env?: NodeJS.ProcessEnv;
  /** The text of etc/config.toml; no file unless told. */
  readonly config?: string;
  /** The program to run, and its first words: an older version, say; the program under test unless told. */
  readonly command?: readonly string[];
  /** False returns at once: for a node that is expected to refuse, or to wait for its broker. */
  readonly waitUntilReady?: boolean;
}

/** Starts the real program as a node and returns when it takes submissions. Ended when the test ends. */
export async function startStewardNode(options: StewardNodeOptions, scope?: TestScope): Promise<StewardNode> {
  const own = options.folder === undefined ? await tempFolder() : undefined;
  const node = new StewardNode(options, own?.path ?? resolve(options.folder!), own);
  disposeAfter(scope, node);
  try {
    await node.start();
  } catch (error) {
    await node[Symbol.asyncDispose]();
    throw error;
  }
  return node;
}

/** What bin/steward sets. */
const AS_STARTED = { MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_ARENA_MAX: '1' };

/** A node that runs as a process of its own, with its folders and all that it printed. */
export class StewardNode implements AsyncDisposable {
  readonly name: string;
  readonly folder: string;
  readonly socketPath: string;
  readonly databaseFolder: string;
  readonly dataFolder: string;
  readonly #options: StewardNodeOptions;
  readonly #own: AsyncDisposable | undefined;
  #program: ChildProgram | undefined;
  #database: DatabaseSync | undefined;
  #command: readonly string[];

  constructor(options: StewardNodeOptions, folder: string, own: AsyncDisposable | undefined) {
    this.name = options.name;
    this.folder = folder;
    this.socketPath = join(folder, 'tmp/steward.sock');
    this.databaseFolder = join(folder, 'var/lib');
    this.dataFolder = join(folder, 'data');
    this.#options = options;
    this.#own = own;
    this.#command = options.command ?? stewardCommand();
  }

  get pid(): number {
    return this.program.pid;
  }

  /** The running (or ended) process, with its output and its exit. */
  get program(): ChildProgram {
    if (this.#program === undefined) throw new Error(`node ${this.name} was never started`);
    return this.#program;
  }

  /** The lines of the node's log so far, those that are JSON. */
  logLines(): Record<string, unknown>[] {
    return jsonLines(this.program.stderr);
  }

  /** Starts the node again in the same folders; it must have ended. */
  async start(): Promise<void> {
    if (this.#program !== undefined && this.#program.exit === undefined) {
      throw new Error(`node ${this.name} still runs`);
    }
    await this.#prepareFolders();
    const [command, ...args] = this.#command;
    const { env } = this.#options;
    this.#program = await ChildProgram.start({
      command: command!,
      args: [...args, ...this.#flags()],
      cwd: this.folder,
      env: { ...AS_STARTED, ...process.env, CONFIG_FOLDER: join(this.folder, 'etc'), ...env },
    });
    if (this.#options.waitUntilReady !== false) await this.ready();
  }

  /** Waits until the node takes submissions; fails with its output when it ends instead. */
  async ready(timeoutMs = 20_000): Promise<void> {
    const program = this.program;
    const startedAt = performance.now();
    const isReady = async (): Promise<boolean> => {
      if (program.exit !== undefined || hasStarted(program.stderr)) return true;
      // A program that never says "started" (the reference) is ready when its socket accepts. Ours says so, however late.
      return (
        performance.now() - startedAt > SILENT_MS && existsSync(this.socketPath) && accepts(this.socketPath)
      );
    };
    await waitFor(`node ${this.name} to start`, isReady, { timeoutMs }).catch((error: Error) => {
      throw new Error(`${error.message}\n${program.output()}`, { cause: error });
    });
    if (program.exit === undefined) return;
    throw new Error(`node ${this.name} ended with ${describeExit(program.exit)}\n${program.output()}`);
  }

  /** Hands messages, or a text as it is, to the node's socket and returns its answer. */
  submit(messages: unknown, timeoutMs?: number): Promise<Answer> {
    return submitTo(this.socketPath, messages, timeoutMs);
  }

  /** The text of a file in the data folder, such as `cli/ship1/out.log`. */
  file(relative: string): Promise<string> {
    return readFile(join(this.dataFolder, relative), 'utf8');
  }

  /** Waits for a file in the data folder and returns its text. */
  waitForFile(relative: string, isEnough?: (text: string) => boolean, timeoutMs?: number): Promise<string> {
    return waitForFile(join(this.dataFolder, relative), isEnough, { timeoutMs });
  }

  /** Ends the node at once, as a power cut would, and waits until it is gone. */
  kill(): Promise<Exit> {
    return this.program.kill();
  }

  /** Freezes the node; `resume` thaws it. */
  pause(): void {
    this.program.signal('SIGSTOP');
  }

  resume(): void {
    this.program.signal('SIGCONT');
  }

  /** Asks the node to stop and returns how it ended; fails when it takes longer than 15 s. */
  async stop(): Promise<Exit> {
    const program = this.program;
    program.signal('SIGTERM');
    await waitFor(`node ${this.name} to stop`, () => program.exit !== undefined, { timeoutMs: 5000 });
    return program.exited;
  }

  /** Ends the node if it still runs (SIGKILL) and starts it again in the same folders. */
  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  /** Stops the node and starts another version of the program in the same folders: an upgrade, or the way back. */
  async become(command: readonly string[] = stewardCommand()): Promise<void> {
    await this.stop();
    this.#command = command;
    await this.start();
  }

  /** The rows of the node's ledger, as its database holds them now. */
  ledger(): Record<string, unknown>[] {
    return this.query('SELECT * FROM ledger');
  }

  /** Runs a query against the node's database, which it opens for reading only. */
  query(sql: string, ...values: (string | number)[]): Record<string, unknown>[] {
    this.#database ??= this.#openDatabase();
    return this.#database.prepare(sql).all(...values);
  }

  /** The entries of store.log, the node's record of messages and outcomes. */
  async audit(): Promise<Record<string, unknown>[]> {
    return jsonLines(await readFile(join(this.databaseFolder, 'store.log'), 'utf8'));
  }

  /** What the node shows on its metrics port, which the flag `promHostAndPort` must have set. */
  async metrics(): Promise<string> {
    const address = this.#options.flags?.promHostAndPort;
    if (address === undefined) throw new Error('set the flag promHostAndPort to read metrics');
    const response = await fetch(`http://${address}/metrics`);
    if (!response.ok) throw new Error(`/metrics answered ${response.status}`);
    return response.text();
  }

  /** The memory that the node holds now, in bytes. */
  async rssBytes(): Promise<number> {
    return (await processMemory(this.pid)).rssBytes;
  }

  /** The most memory that the node has held since it was started, in bytes. */
  async peakRssBytes(): Promise<number> {
    return (await processMemory(this.pid)).peakBytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.kill();
    await this.#own?.[Symbol.asyncDispose]();
  }

  /** The database for all that asks in this turn of the event loop: opening it costs ten times what a question does. */
  #openDatabase(): DatabaseSync {
    const path = join(this.databaseFolder, 'steward.db');
    const database = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
    process.nextTick(() => {
      this.#database = undefined;
      database.close();
    });
    return database;
  }

  async #prepareFolders(): Promise<void> {
    for (const part of ['etc', 'tmp', 'var/lib', 'data'])
      await mkdir(join(this.folder, part), { recursive: true });
    const { config } = this.#options;
    if (config !== undefined) await writeFile(join(this.folder, 'etc/config.toml'), config);
  }

  #flags(): string[] {
    const { broker, central = 'central', flags, name } = this.#options;
    const url = typeof broker === 'string' ? broker : broker.url;
    const all = {
      nodeName: name,
      centralNodeName: central,
      brokerAddress: url.replace('nats://', ''),
      socketFolder: join(this.folder, 'tmp'),
      databaseFolder: this.databaseFolder,
      subscribersDataFolder: this.dataFolder,
      ...flags,
    };
    return Object.entries(all).map(([flag, value]) => `-${flag}=${value}`);
  }
}

/**
 * The program under test, run by this Node: the source, or where STEWARD_TEST_BUILT is set what was built of it; or what
 * STEWARD_TEST_PROGRAM says (words split at spaces).
 */
export function stewardCommand(): string[] {
  const other = process.env.STEWARD_TEST_PROGRAM?.trim();
  const main = process.env.STEWARD_TEST_BUILT ? 'dist/main.js' : 'src/main.ts';
  const flags = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=4'];
  if (!other) return [process.execPath, ...flags, join(PROJECT, main)];
  const [command, ...args] = other.split(/\s+/);
  return [command!.includes('/') ? resolve(PROJECT, command!) : command!, ...args];
}

function hasStarted(stderr: string): boolean {
  return stderr.includes('"started"') && jsonLines(stderr).some((line) => line.msg === 'started');
}

function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Whether somebody listens on a unix socket. */
export function accepts(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

function describeExit({ code, signal }: Exit): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}
