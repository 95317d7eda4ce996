import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { FrameReader, frameOf, readOrder, readPairs } from './spawner-protocol.ts';
import { spawnInto } from './started-process.ts';

// The program of the spawner where there is no Perl (see Spawner). It imports next to nothing, for what it has in memory is
// what each fork must copy. It ends with the node, whose end closes its input.

/** Of what ends by then its start and its end are said at once, ms: each message wakes the node. */
const SOON_MS = 5;

let env: Record<string, string> = {};
const node = process.ppid;
const reader = new FrameReader();

// Whoever stops a node by a signal to all of its processes leaves it to the node to end the commands first.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
// Without a listener the engine opens a debugger.
process.on('SIGUSR1', () => {});
process.stdin.on('end', () => process.exit());
process.stdin.on('data', (bytes: Buffer) => {
  for (const [kind, ...fields] of reader.take(bytes)) {
    if (kind === 'env') env = readPairs(fields);
    else start(fields[0]!, fields.slice(1));
  }
});
// Nobody hears it where the node has just gone, which the end of the input says too.
process.stdout.on('error', () => {});
answer('ready');

function start(id: string, order: readonly string[]): void {
  // The next node deals with this command as one that was interrupted; it must not begin now.
  if (process.ppid !== node) process.exit();
  let child: ChildProcess;
  try {
    child = spawnInto(readOrder(order), env);
  } catch (error) {
    return refuse(id, error);
  }
  const { pid } = child;
  if (pid === undefined) return void child.once('error', (error) => refuse(id, error));
  let isTold = false;
  const timer = setTimeout(() => {
    isTold = true;
    answer('started', id, pid);
  }, SOON_MS);
  child.once('exit', (exitCode, signal) => {
    clearTimeout(timer);
    answer('ended', id, exitCode ?? 0, signal ? constants.signals[signal] : 0, isTold ? '' : pid);
  });
}

function refuse(id: string, error: unknown): void {
  const { errno = 0, syscall = '' } = error as NodeJS.ErrnoException;
  answer('refused', id, Math.abs(errno), syscall);
}

function answer(...fields: (string | number)[]): void {
  process.stdout.write(frameOf(fields));
}
