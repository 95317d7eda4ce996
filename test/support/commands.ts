import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Message, newMessage } from '../../src/message/message.ts';
import type { RunResult } from '../../src/message/method-contract.ts';
import { OutputPipes } from '../../src/methods/commands/output-pipes.ts';
import type { CommandDeps, CommandOptions } from '../../src/methods/commands/run-program.ts';
import { Spawner, type SpawnerOptions } from '../../src/methods/commands/spawner.ts';
import type { RunMethod } from '../../src/methods/method.ts';
import { disposeAfter, type TestScope } from './dispose-after.ts';
import { tempFolder } from './temp-folder.ts';
import { waitFor } from './wait-for.ts';

type Shortage = () => Promise<string | undefined>;
type Make = (options: CommandOptions, deps: CommandDeps) => RunMethod;

interface Given {
  readonly options?: Partial<CommandOptions>;
  /** What is said of the disk; that it has room unless told. */
  readonly shortage?: Shortage;
  /** How commands are started: by a spawner that is ready, unless told. */
  readonly spawner?: Required<CommandDeps>['spawner'];
  /** Takes the replies that come while a command runs; none may come unless told. */
  readonly reply?: (data: Uint8Array) => Promise<void>;
}

type Fields = Omit<Partial<Message>, 'id'> & { readonly signal?: AbortSignal; readonly id?: string };

const ids = new WeakMap<RunResult, string>();
let count = 0;

/** A method that runs commands, in a folder of the test's own; `left` names what stays in its spool. */
export async function setUpCommands(scope: TestScope, make: Make, given: Given = {}) {
  const { path: folder } = await tempFolder(scope);
  const spoolFolder = given.options?.spoolFolder ?? join(folder, 'spool');
  const env = { ...process.env, INHERITED: 'yes' };
  const shortage = given.shortage ?? (async () => undefined);
  const options = { env, defaultMethodTimeout: 20, ...given.options, spoolFolder };
  const spawner = given.spawner ?? (await readySpawner(scope, { env: options.env }));
  const pipes = disposeAfter(scope, new OutputPipes(join(folder, 'pipes')));
  const method = make(options, { diskRoom: { shortage }, spawner, pipes });
  const reply = given.reply ?? (async () => assert.fail('replied early'));
  const run = async (methodArgs: string[] | null, { signal, id = newId(), ...fields }: Fields = {}) => {
    const message = newMessage({ method: method.name, methodTimeout: 20, methodArgs, ...fields });
    const call = { runId: runIdOfRequest(id), signal: signal ?? new AbortController().signal, reply };
    const result = await method.run({ id, message, ...call, progress: () => {} });
    ids.set(result, id);
    return result;
  };
  const bash = (script: string, methodTimeout = 20, fields: Fields = {}) =>
    run(['bash', '-c', script], { methodTimeout, ...fields });
  const left = () => readdir(spoolFolder).catch(() => []);
  return { run, bash, folder, left };
}

/** A spawner that takes commands from the first one on. */
export async function readySpawner(
  scope: TestScope,
  options: Partial<SpawnerOptions> = {},
): Promise<Spawner> {
  const spawner = disposeAfter(scope, new Spawner({ env: process.env, ...options }));
  await waitFor('the spawner to be ready', () => spawner.isReady());
  return spawner;
}

/** Starts every command without a spawner. */
export const noSpawner: Required<CommandDeps>['spawner'] = {
  isReady: () => false,
  start: () => assert.fail('not ready'),
};

/** A request id that no other command of any test has. */
export function newId(): string {
  count += 1;
  return `request-${process.pid}-${count}`;
}

/** The id of the request that a result is of. */
export function idOf(result: RunResult): string {
  return ids.get(result)!;
}

/** The run id of the run that a result is of. */
export function runIdOf(result: RunResult): string {
  return runIdOfRequest(idOf(result));
}

function runIdOfRequest(id: string): string {
  return `test/1/1/${id}`;
}

/** The text of a result's reply, which must not be in a file. */
export function replyText({ reply }: RunResult): string {
  assert.ok(reply instanceof Uint8Array);
  return Buffer.from(reply).toString();
}
