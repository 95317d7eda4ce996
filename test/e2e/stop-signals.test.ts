import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { ChildProgram } from '../support/child-program.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor, waitForFile } from '../support/wait-for.ts';

const MODULE = join(import.meta.dirname, '../../src/cli/line/stop-signals.ts');

/** A program that stops as a node does; with `hangs` its clean stop never ends. */
async function program(options: { hangs?: boolean; env?: Record<string, string>; viaShell?: boolean } = {}) {
  const script = `
    import { writeFileSync } from 'node:fs';
    import { catchStopSignals } from ${JSON.stringify(MODULE)};
    const alive = setInterval(() => {}, 1000);
    {
      using signals = catchStopSignals(process, { isDaemon: true });
      console.log('up', process.pid);
      if (process.env.FAULT) setTimeout(() => { throw new Error('a fault of the program'); });
      const fault = await signals.stop;
      if (fault) console.log('because of', fault.message);
      if (!process.env.MARK) console.log('stopping');
      if (${options.hangs === true}) await new Promise(() => {});
      clearInterval(alive);
    }
    if (process.env.MARK) writeFileSync(process.env.MARK, 'clean');
    else console.log('clean');
  `;
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
  const env = { PATH: process.env.PATH, ...options.env };
  const child = options.viaShell
    ? await ChildProgram.start({
        command: 'sh',
        args: ['-c', '"$@"; true', 'sh', process.execPath, ...args],
        env,
      })
    : await ChildProgram.start({ command: process.execPath, args, env });
  await waitFor('the program to be up', () => child.stdout.includes('up'));
  return child;
}

test('SIGTERM and SIGINT both stop cleanly', async () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const child = await program();
    child.signal(signal);
    assert.deepEqual(await child.exited, { code: 0, signal: null });
    assert.match(child.stdout, /stopping\nclean\n$/);
  }
});

test('an error that nothing caught is told with its stack, and stops the program cleanly', async () => {
  const child = await program({ env: { FAULT: 'yes' } });
  assert.deepEqual(await child.exited, { code: 0, signal: null });
  assert.match(child.stdout, /because of a fault of the program\nstopping\nclean\n$/);
  assert.match(child.stderr, /^steward: unexpected error, the program stops: Error: a fault.*\n +at /);
});

test('a second signal ends a stop that hangs, at once, with code 1', async () => {
  const child = await program({ hangs: true });
  child.signal('SIGTERM');
  await waitFor('the stop to begin', () => child.stdout.includes('stopping'));
  child.signal('SIGINT');
  assert.deepEqual(await child.exited, { code: 1, signal: null });
  assert.match(child.stderr, /^steward: SIGINT came while it was stopping[^\n]*\n$/);
});

test('a stop that hangs is ended after 10 s with code 1', async () => {
  const child = await program({ hangs: true });
  child.signal('SIGTERM');
  assert.deepEqual(await child.exited, { code: 1, signal: null });
  assert.match(child.stderr, /^steward: the stop is not complete after 10 s/);
});

test('under npx the end of its shell stops the program cleanly', async (t) => {
  const mark = join((await tempFolder(t)).path, 'mark');
  const shell = await program({ viaShell: true, env: { npm_lifecycle_event: 'npx', MARK: mark } });
  const pid = Number(/up (\d+)/.exec(shell.stdout)?.[1]);
  assert.notEqual(pid, shell.pid);
  shell.signal('SIGTERM');
  await waitForFile(mark, (text) => text === 'clean');
  await waitFor('its process to be gone', () => !isAlive(pid));
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
