import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type NatsConnection, connect as natsConnect, nkeyAuthenticator } from '@nats-io/transport-node';
import { makeUserKey } from '../../src/lib/nkey.ts';
import { askToJoin } from '../../src/security/ask-to-join.ts';
import type { JoinAnswer } from '../../src/security/join-messages.ts';
import { decodeToken, type JoinToken } from '../../src/security/token.ts';
import { ChildProgram } from './child-program.ts';
import { callSteward } from './cli-call.ts';
import { disposeAfter, type TestScope } from './dispose-after.ts';
import { freePort } from './free-port.ts';
import { stewardCommand } from './node.ts';
import { submitTo } from './submit.ts';
import { tempFolder } from './temp-folder.ts';
import { waitFor } from './wait-for.ts';

/** How a command of the program ended. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a command of the program, in a folder. */
export function startSteward(args: readonly string[], cwd: string): Promise<ChildProgram> {
  const [command, ...first] = stewardCommand();
  return ChildProgram.start({ command: command!, args: [...first, ...args], cwd, env: { ...process.env } });
}

/** Runs a command of the program to its end. */
export async function runSteward(args: readonly string[], cwd: string): Promise<Ran> {
  const program = await startSteward(args, cwd);
  const { code } = await program.exited;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

/** A central node that `steward up` has started, on a port of its own of 127.0.0.1. */
export class UpCentral implements AsyncDisposable {
  readonly root: string;
  readonly folder: string;
  readonly port: number;
  readonly #more: readonly string[];
  #program: ChildProgram | undefined;

  private constructor(root: string, port: number, more: readonly string[]) {
    this.root = root;
    this.folder = join(root, 'central');
    this.port = port;
    this.#more = more;
  }

  /** Starts it in a folder of its own; `more` are further words of the command. */
  static async start(scope: TestScope, more: readonly string[] = []): Promise<UpCentral> {
    const { path } = await tempFolder(scope);
    const central = disposeAfter(scope, new UpCentral(path, await freePort(), more));
    await central.start();
    return central;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get program(): ChildProgram {
    return this.#program!;
  }

  /** Starts it (again) and waits until it has said how others join. */
  async start(): Promise<void> {
    const listen = ['--listen', this.address, '--folder', this.folder];
    this.#program = await startSteward(['up', ...listen, ...this.#more], this.root);
    await waitFor(
      'central to be up',
      () => {
        return this.program.exit !== undefined || this.program.stdout.includes('More of them: ');
      },
      { timeoutMs: 20_000 },
    );
    if (this.program.exit !== undefined) throw new Error(this.program.output());
  }

  /** The token in the line that the last start printed. */
  get printedToken(): string {
    return /steward join \S+ (\S+)/.exec(this.program.stdout)?.[1] ?? '';
  }

  /** A token made by `steward invite`. */
  async token(...more: string[]): Promise<string> {
    return (await this.#call('invite', more)).trim().split(' ').at(-1)!;
  }

  /** Has a node forgotten; what the command printed. */
  async forget(name: string): Promise<string> {
    return this.#call('forget', [name]);
  }

  /** Runs a command at the node's folder within this process, and returns what it printed. */
  async #call(command: string, words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await callSteward([command, '--folder', this.folder, ...words]);
    if (code !== 0) throw new Error(stderr);
    return stdout;
  }

  /** Asks to join by hand, with a key made for it unless told. */
  async ask(token: string, name: string, nodeSeed = makeUserKey().seed): Promise<JoinAnswer> {
    const address = { host: '127.0.0.1', port: this.port };
    return (await askToJoin({ address, token: decodeToken(token), nodeSeed, name })).answer;
  }

  /** A client by hand that signs in with a seed. */
  async client(scope: TestScope, seed: string): Promise<NatsConnection> {
    const connection = await natsConnect({
      servers: `tls://${this.address}`,
      authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)),
      tls: { ca: await this.authority() },
      reconnect: false,
    });
    disposeAfter(scope, { [Symbol.asyncDispose]: () => connection.close() });
    return connection;
  }

  /** The certificate of the broker's authority, PEM. */
  authority(): Promise<string> {
    return readFile(join(this.folder, 'etc/admission/broker-ca.pem'), 'utf8');
  }

  /** What it keeps of nodes and tokens: nothing before the first of either. */
  async kept(): Promise<{ nodes: { name: string; key: string }[]; tokens: { usedBy?: object }[] }> {
    const path = join(this.folder, 'etc/admission/admission.json');
    return existsSync(path) ? JSON.parse(await readFile(path, 'utf8')) : { nodes: [], tokens: [] };
  }

  submit(messages: unknown): Promise<Record<string, unknown>> {
    return submitTo(join(this.folder, 'tmp/steward.sock'), messages);
  }

  /** Ends it at once, as a power cut would. */
  async kill(): Promise<void> {
    await this.program.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.kill();
  }
}

/** A token with something else in place of a part of it. */
export function changedToken(text: string, change: Partial<JoinToken>): JoinToken {
  return { ...decodeToken(text), ...change };
}
