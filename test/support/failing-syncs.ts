import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { disposeAfter, type TestScope } from './dispose-after.ts';
import { tempFolder } from './temp-folder.ts';
import { waitFor } from './wait-for.ts';

/** A disk on which forcing bytes to it fails with EIO, for one process. */
export class FailingSyncs implements AsyncDisposable {
  readonly #tracer: ChildProcess;
  readonly #log: string;

  constructor(tracer: ChildProcess, log: string) {
    this.#tracer = tracer;
    this.#log = log;
  }

  /** How many have failed. */
  async count(): Promise<number> {
    return (await readFile(this.#log, 'utf8')).split('(INJECTED)').length - 1;
  }

  /** From now on they work. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#tracer.exitCode !== null || this.#tracer.signalCode !== null) return;
    this.#tracer.kill('SIGINT');
    await once(this.#tracer, 'exit');
  }
}

/** Makes all syncs of a process fail, or of each of its threads the first one only. */
export async function failSyncs(
  pid: number,
  options: { readonly firstOnly?: boolean },
  scope: TestScope,
): Promise<FailingSyncs> {
  const log = join((await tempFolder(scope)).path, 'syncs');
  const fault = `inject=fsync,fdatasync:error=EIO${options.firstOnly ? ':when=1' : ''}`;
  const tracer = spawn(
    'strace',
    ['-f', '-p', String(pid), '-o', log, '-e', 'trace=fsync,fdatasync', '-e', fault],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let said = '';
  tracer.stderr?.on('data', (bytes) => {
    said += bytes;
  });
  await waitFor('the tracer to be there', () => /attached/.test(said));
  return disposeAfter(scope, new FailingSyncs(tracer, log));
}

/** Whether this machine can make syncs of another process fail. */
export function canFailSyncs(): boolean {
  try {
    const script = 'strace -o /dev/null -e trace=fsync -e inject=fsync:error=EIO true';
    execFileSync('sh', ['-c', script], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
