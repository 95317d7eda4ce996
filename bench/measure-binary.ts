import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileNameOf, ownTarget } from '../scripts/bin-targets.ts';
import { stewardCommand } from '../test/support/node.ts';
import { startFleet } from './fleet.ts';
import { measureAppend } from './measure-append.ts';
import { measureCommands } from './measure-commands.ts';
import { settledRss } from './measure-memory.ts';
import { median } from './statistics.ts';

const STARTS = 10;

/** What one program does. */
export interface ProgramFigures {
  /** From its start to the end of `steward version`. */
  readonly startMs: number;
  readonly idleMb: number;
  readonly commandsPerSecond: number;
  readonly appendsPerSecond: number;
}

/** The same measurements over the single-file program and over the one that Node.js runs. */
export interface BinaryRun {
  readonly file: ProgramFigures;
  readonly node: ProgramFigures;
}

/** The path of the single-file program for this machine, or undefined where it was not made. */
export function builtProgram(): string | undefined {
  const target = ownTarget();
  const path = target && join(import.meta.dirname, '../build/bin', fileNameOf(target));
  return path !== undefined && existsSync(path) ? path : undefined;
}

/** Measures both programs by turns, so that a machine that slows down slows both. */
export async function measureBinary(path: string, counts: Counts): Promise<BinaryRun> {
  const launcher = join(import.meta.dirname, '../bin/steward');
  return { node: await figuresOf(launcher, counts), file: await figuresOf(path, counts) };
}

interface Counts {
  readonly commands: number;
  readonly appends: number;
}

async function figuresOf(program: string, { commands, appends }: Counts): Promise<ProgramFigures> {
  const before = process.env.STEWARD_TEST_PROGRAM;
  process.env.STEWARD_TEST_PROGRAM = program;
  try {
    return {
      startMs: startTime(),
      idleMb: await idleMemory(),
      commandsPerSecond: await measureCommands(commands),
      appendsPerSecond: (await measureAppend(appends)).perSecond,
    };
  } finally {
    if (before === undefined) delete process.env.STEWARD_TEST_PROGRAM;
    else process.env.STEWARD_TEST_PROGRAM = before;
  }
}

function startTime(): number {
  const [command, ...args] = stewardCommand();
  const times = Array.from({ length: STARTS }, () => {
    const before = performance.now();
    const { status } = spawnSync(command!, [...args, 'version'], { stdio: 'ignore' });
    if (status !== 0) throw new Error(`${command} version ended with ${status}`);
    return performance.now() - before;
  });
  return median(times);
}

async function idleMemory(): Promise<number> {
  await using fleet = await startFleet();
  return (await settledRss(await fleet.startShip())) / 1024 / 1024;
}
