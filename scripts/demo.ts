import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installPrograms } from './install-programs.ts';

/**
 * A small real session, shown step by step: a broker, the nodes central and ship1 as processes of their own, a
 * command whose output comes back, and one that waits for a node that is away. Ends with exit code 0 only where
 * every step was seen to be so.
 */

const STEWARD = join(import.meta.dirname, '..', 'bin', 'steward');
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin:/usr/local/bin`;
const PATIENCE_MS = 15_000;

/** What a node answers to a submission, as far as the demo looks at it. */
interface Answer {
  readonly accepted: readonly { readonly id: string }[];
  readonly refused: readonly unknown[];
}

/** A line of the audit log, as far as the demo looks at it. */
interface AuditLine {
  readonly id: string;
  readonly state: string;
  readonly exitCode?: number;
}

/** A program that runs in a folder of its own, with what it has written so far. */
interface Program {
  readonly name: string;
  readonly folder: string;
  readonly child: ChildProcess;
  output: string;
}

const programs = new Set<Program>();

process.on('exit', () => {
  for (const { child } of programs) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

installPrograms([{ command: 'nats-server', debianPackage: 'nats-server' }]);
const root = await mkdtemp(join(tmpdir(), 'steward-demo-'));
try {
  await session(root);
  say('\nAll of this was checked: the demo is complete.');
} catch (error) {
  process.exitCode = 1;
  say(`\nThe demo failed: ${(error as Error).message}`);
  for (const { name, output } of programs) say(`\n--- what ${name} wrote\n${output.trimEnd()}`);
} finally {
  await Promise.all([...programs].map(stop));
  await rm(root, { recursive: true, force: true, maxRetries: 5 });
}

async function session(folder: string): Promise<void> {
  say('Starting a broker and the nodes central and ship1.');
  const broker = await startBroker(join(folder, 'broker'));
  const central = await startNode(join(folder, 'central'), { name: 'central', broker });
  const ship1 = await startNode(join(folder, 'ship1'), { name: 'ship1', broker });
  await showCommand(central);
  await showWaiting(central, ship1, broker);
}

async function showCommand(central: Program): Promise<void> {
  say('\n1. A command for ship1, handed to the socket of central:');
  const message = {
    toNode: 'ship1',
    method: 'REQCliCommand',
    methodArgs: ['bash', '-c', 'echo "hello from a command on $(uname -s)"; pwd'],
    directory: 'demo',
    fileName: 'command.log',
  };
  const id = await submit(central, message);
  const output = await textOf(join(central.folder, 'data/demo/ship1/command.log'), /ship1\n$/);
  say(`   central keeps the output in data/demo/ship1/command.log:\n${indent(output)}`);
  await showAudit(central, id);
}

async function showWaiting(central: Program, ship1: Program, broker: string): Promise<void> {
  say('\n2. ship1 is stopped, and a command for it is accepted all the same:');
  await stop(ship1);
  const message = {
    toNode: 'ship1',
    method: 'REQCliCommand',
    methodArgs: ['echo', 'this waited for ship1'],
    directory: 'demo',
    fileName: 'waited.log',
  };
  const id = await submit(central, message);
  // Long enough for an attempt to find nobody; then the command must still be waiting.
  await sleep(1500);
  const early = await auditOf(central, id);
  if (early) throw new Error(`the command ended as ${early.state} while ship1 was away`);
  say('   Nothing has happened to it after 1.5 s. Now ship1 is started again:');
  await startNode(ship1.folder, { name: 'ship1', broker });
  const output = await textOf(join(central.folder, 'data/demo/ship1/waited.log'), /\n$/);
  if (output !== 'this waited for ship1\n') throw new Error(`it ran more than once: ${output}`);
  say(`   central keeps the output in data/demo/ship1/waited.log:\n${indent(output)}`);
  await showAudit(central, id);
}

/** Submits a message as `nc -U tmp/steward.sock` does, shows the answer, and gives the id that was accepted. */
async function submit({ folder }: Program, message: object): Promise<string> {
  const text = JSON.stringify([message]);
  say(`   $ nc -U tmp/steward.sock <<< '${text}'`);
  const socket = connect(join(folder, 'tmp/steward.sock'));
  socket.end(text);
  let line = '';
  for await (const chunk of socket) line += chunk;
  say(indent(line));
  const answer = JSON.parse(line) as Answer;
  const id = answer.accepted[0]?.id;
  if (id === undefined || answer.refused.length > 0) throw new Error('the message was not accepted');
  return id;
}

async function showAudit(central: Program, id: string): Promise<void> {
  const entry = await until('the audit line of the command', () => auditOf(central, id));
  const { message: _, ...shown } = entry as AuditLine & { message?: unknown };
  say(
    `   and its audit log var/lib/store.log says (here without the message):\n${indent(JSON.stringify(shown))}`,
  );
  if (entry.state !== 'succeeded' || entry.exitCode !== 0) throw new Error('the command did not succeed');
}

async function auditOf({ folder }: Program, id: string): Promise<AuditLine | undefined> {
  const text = await readFile(join(folder, 'var/lib/store.log'), 'utf8');
  const entries = text.split('\n').flatMap((line) => (line ? [JSON.parse(line) as AuditLine] : []));
  return entries.find((entry) => entry.id === id);
}

async function textOf(path: string, complete: RegExp): Promise<string> {
  return await until(`the file ${path}`, async () => {
    const text = await readFile(path, 'utf8').catch(() => '');
    return complete.test(text) ? text : undefined;
  });
}

/** Starts a broker on a port that the system chooses, and gives its address. */
async function startBroker(folder: string): Promise<string> {
  await mkdir(folder);
  await writeFile(join(folder, 'broker.conf'), 'host: 127.0.0.1\nport: -1\n');
  const program = await start('nats-server', ['-c', 'broker.conf'], { name: 'the broker', folder });
  return await until('the broker', () => {
    const found = /client connections on (127\.0\.0\.1:\d+)/.exec(program.output)?.[1];
    return program.output.includes('Server is ready') ? found : undefined;
  });
}

/** Starts a node in a folder of its own, with the default places for its files. */
async function startNode(
  folder: string,
  { name, broker }: { name: string; broker: string },
): Promise<Program> {
  await mkdir(folder, { recursive: true });
  const flags = [`-nodeName=${name}`, '-centralNodeName=central', `-brokerAddress=${broker}`];
  say(`   $ steward ${flags.join(' ')}`);
  const program = await start(STEWARD, flags, { name, folder });
  await until(`${name} to start`, () => {
    if (program.child.exitCode !== null) throw new Error(`${name} ended at its start`);
    return program.output.includes('"msg":"started"') || undefined;
  });
  return program;
}

async function start(
  command: string,
  args: readonly string[],
  { name, folder }: { name: string; folder: string },
): Promise<Program> {
  const child = spawn(command, args, {
    cwd: folder,
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await once(child, 'spawn');
  const program: Program = { name, folder, child, output: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      program.output += text;
    });
  }
  programs.add(program);
  return program;
}

async function stop(program: Program): Promise<void> {
  programs.delete(program);
  const { child } = program;
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

/** What is set for other nodes on this machine must not reach the demo's, and npm's own variables mean nothing here. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const { HOME, LANG, TZ } = process.env;
  return { HOME, LANG, TZ, PATH };
}

/** Installs nats-server where it is missing and may be installed; else says what to do and ends. */
/** Looks until there is something to see, for 15 s. */
async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() > deadline) throw new Error(`waited ${PATIENCE_MS / 1000} s in vain for ${what}`);
    await sleep(20);
  }
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '     ');
}

function say(text: string): void {
  console.log(text);
}
