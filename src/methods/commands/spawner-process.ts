import type { ChildProcess } from 'node:child_process';
import type { SpawnerAnswer, SpawnFault, SpawnOrder } from './spawner-protocol.ts';
import { spawnInto } from './started-process.ts';

// The program of the spawner (see Spawner). It imports next to nothing, for what it has in memory is what each fork
// must copy. It ends with the node, whose end closes the channel.

const env = { ...process.env };
const node = process.ppid;

// Whoever stops a node by a signal to all of its processes leaves it to the node to end the commands first.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
// Without a listener the engine opens a debugger.
process.on('SIGUSR1', () => {});
process.on('disconnect', () => process.exit());
process.on('message', start);
answer({ kind: 'ready' });

function start(order: SpawnOrder): void {
  const { id } = order;
  // The next node deals with this command as one that was interrupted; it must not begin now.
  if (process.ppid !== node) process.exit();
  let child: ChildProcess;
  try {
    child = spawnInto(order, env);
  } catch (error) {
    answer({ kind: 'refused', id, error: faultOf(error) });
    return;
  }
  if (child.pid === undefined) {
    child.once('error', (error) => answer({ kind: 'refused', id, error: faultOf(error) }));
    return;
  }
  answer({ kind: 'started', id, pid: child.pid });
  child.once('exit', (exitCode, signal) => answer({ kind: 'ended', id, exitCode, signal }));
}

function faultOf(error: unknown): SpawnFault {
  const { message, code, syscall } = error as NodeJS.ErrnoException;
  return { message, ...(code !== undefined && { code }), ...(syscall !== undefined && { syscall }) };
}

function answer(text: SpawnerAnswer): void {
  // Nobody hears it where the node has just gone, which the channel's end says too.
  if (process.connected) process.send!(text, undefined, undefined, () => {});
}
