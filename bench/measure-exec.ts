import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { startFleet } from './fleet.ts';
import { median } from './statistics.ts';

const PROJECT = resolve(import.meta.dirname, '..');
const WARM_UP = 5;

/** How long things take, median, ms. */
export interface ExecTimes {
  /** `steward exec ship1 -- true`, from its start to its end. */
  readonly execMs: number;
  /** `true` by itself. */
  readonly commandMs: number;
  /** A Node.js that does nothing. */
  readonly emptyStartMs: number;
}

/** Runs one command on one node over and over, by turns with the command itself and with an empty program. */
export async function measureExec(count: number): Promise<ExecTimes> {
  await using fleet = await startFleet();
  await fleet.startShip();
  const env = { ...process.env, STEWARD_SOCKET: join(fleet.central.folder, 'tmp/stew.sock') };
  const program = (process.env.STEWARD_TEST_PROGRAM?.trim() || join(PROJECT, 'bin/steward')).split(/\s+/);
  const lines = {
    execMs: [...program, 'exec', 'ship1', '--', 'true'],
    commandMs: ['true'],
    emptyStartMs: [process.execPath, '-e', '0'],
  };
  const times = { execMs: [] as number[], commandMs: [] as number[], emptyStartMs: [] as number[] };
  const names = Object.keys(lines) as (keyof ExecTimes)[];
  for (let round = 0; round < WARM_UP + count; round++) {
    for (const name of names) {
      const ms = await run(lines[name], env);
      if (round >= WARM_UP) times[name].push(ms);
    }
  }
  return {
    execMs: median(times.execMs),
    commandMs: median(times.commandMs),
    emptyStartMs: median(times.emptyStartMs),
  };
}

async function run([command, ...args]: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const before = performance.now();
  const child = spawn(command!, args, { cwd: PROJECT, env, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${code}`);
  return performance.now() - before;
}
