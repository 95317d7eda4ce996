import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { disposeAfter, type TestScope } from './dispose-after.ts';
import { tempFolder } from './temp-folder.ts';
import { waitFor } from './wait-for.ts';

/** A disk that fails with EIO, for one process: where bytes are forced to it, or read. */
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
export function failSyncs(
  pid: number,
  options: { readonly firstOnly?: boolean },
  scope: TestScope,
): Promise<FailingSyncs> {
  return fail(pid, { calls: 'fsync,fdatasync', when: options.firstOnly ? ':when=1' : '', paths: [] }, scope);
}

/** Makes all reads of some files by a process fail. */
export function failReads(pid: number, paths: readonly string[], scope: TestScope): Promise<FailingSyncs> {
  return fail(pid, { calls: 'pread64,read', when: '', paths }, scope);
}

async function fail(
  pid: number,
  {
    calls,
    when,
    paths,
  }: { readonly calls: string; readonly when: string; readonly paths: readonly string[] },
  scope: TestScope,
): Promise<FailingSyncs> {
  const log = join((await tempFolder(scope)).path, 'calls');
  const fault = ['-e', `trace=${calls}`, '-e', `inject=${calls}:error=EIO${when}`];
  const only = paths.flatMap((path) => ['-P', path]);
  const tracer = spawn('strace', ['-f', '-p', String(pid), '-o', log, ...fault, ...only], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
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
