import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nkeyAuthenticator } from '@nats-io/transport-node';
import type { ChildProgram } from './child-program.ts';
import { type CliResult, callSteward } from './cli-call.ts';
import { disposeAfter, type TestScope } from './dispose-after.ts';
import { startSteward, UpCentral } from './joining.ts';
import { waitFor } from './wait-for.ts';
import { startWireClient, type WireClient } from './wire-client.ts';

/** A fleet as an operator makes it: a central node by `steward up`, and ships that joined it. */
export class ClosedFleet {
  readonly central: UpCentral;
  readonly #scope: TestScope;
  readonly #ships = new Map<string, ChildProgram>();

  private constructor(scope: TestScope, central: UpCentral) {
    this.#scope = scope;
    this.central = central;
  }

  /** Makes it, with these ships; `more` are further words of `up`. */
  static async start(
    scope: TestScope,
    ships: readonly string[],
    more: readonly string[] = [],
  ): Promise<ClosedFleet> {
    const fleet = new ClosedFleet(scope, await UpCentral.start(scope, ['--no-invite', ...more]));
    for (const ship of ships) await fleet.join(ship);
    return fleet;
  }

  /** A new machine joins, and its node runs. */
  async join(name: string, flags: readonly string[] = []): Promise<void> {
    const token = await this.central.token('--name', name);
    const words = ['join', this.central.address, token, '--folder', this.folder(name)];
    await this.#start(name, [...words, ...(flags.length > 0 ? ['--', ...flags] : [])]);
  }

  /** Where a node has its files. */
  folder(name: string): string {
    return join(this.central.root, name);
  }

  /** Ends a ship's node at once. */
  async kill(name: string): Promise<void> {
    await this.#ships.get(name)?.kill();
  }

  /** Runs a command at a node, within this process. */
  run(at: string, ...args: readonly string[]): Promise<CliResult> {
    const [command = '', ...rest] = args;
    return callSteward([command, '--folder', this.folder(at), ...rest]);
  }

  /** What a file of a node holds by now; '' where there is none. */
  read(at: string, path: string): Promise<string> {
    return readFile(join(this.folder(at), path), 'utf8').catch(() => '');
  }

  /** A client by hand that has the key of a ship, as whoever stole the machine. */
  async thief(ship: string): Promise<WireClient> {
    const seed = (await readFile(join(this.folder(ship), 'etc/node.nk'), 'utf8')).trim();
    return startWireClient({ url: `tls://${this.central.address}` }, this.#scope, {
      authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)),
      tls: { ca: await this.central.authority() },
    });
  }

  async #start(name: string, words: readonly string[]): Promise<void> {
    const program = await startSteward(words, this.central.root);
    disposeAfter(this.#scope, {
      async [Symbol.asyncDispose]() {
        await program.kill();
      },
    });
    this.#ships.set(name, program);
    await waitFor(`${name} to take requests`, () => program.output().includes('"started"') || program.exit, {
      timeoutMs: 30_000,
    });
    if (program.exit !== undefined) throw new Error(program.output());
  }
}
