import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DemoFleet } from './demo-fleet.ts';
import { playScenes } from './scenes.ts';
import type { Stage } from './stage.ts';

export interface DemoOptions {
  /** Whether the fleet is left running to play with, until the signal is aborted. */
  readonly keeps: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted where the demo is to end early. */
  readonly signal: AbortSignal;
}

/** What nodes of the demo are given of the environment: what is set for other nodes must not reach them. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TERM', 'TMPDIR', 'SystemRoot'];

/**
 * Plays the demo in a temporary folder, which goes at its end: a broker and three nodes as real processes, one that
 * dies and comes back, and a check of every claim. Returns whether all was as it should be.
 */
export async function playDemo(options: DemoOptions, stage: Stage): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'steward-demo-'));
  const startedAt = performance.now();
  try {
    await using fleet = await DemoFleet.open({ folder, env: environmentOf(options.env) }, stage);
    const stopped = new Promise<'stopped'>((resolve) => {
      options.signal.addEventListener('abort', () => resolve('stopped'), { once: true });
    });
    const played = await Promise.race([
      stopped,
      playScenes({ fleet, stage }).catch((error: Error) => {
        if (!options.signal.aborted) tellFailure(error, fleet, stage);
        return 'failed' as const;
      }),
    ]);
    if (played !== undefined) return false;
    tellEnd(stage, performance.now() - startedAt);
    if (options.keeps) await keep(fleet, stage, stopped);
    return true;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function tellEnd(stage: Stage, ms: number): void {
  stage.scene('That was Steward');
  stage.tell(`Everything above was done by real processes and checked, in ${Math.round(ms / 1000)} s.`);
  stage.tell('Next: README.md, or steward help.');
}

async function keep(fleet: DemoFleet, stage: Stage, stopped: Promise<unknown>): Promise<void> {
  stage.scene('The fleet goes on until Ctrl-C');
  for (const { name, pid } of fleet.running()) stage.tell(`${name.padEnd(8)} process ${pid}`);
  stage.tell('In another terminal:');
  stage.command(`cd ${fleet.folderOf('central')}`);
  stage.command('steward exec ship1 -- uptime');
  stage.command('steward stew');
  await stopped;
}

function tellFailure(error: Error, fleet: DemoFleet, stage: Stage): void {
  stage.failed(error.message);
  for (const { name } of fleet.running()) {
    stage.tell(`The end of the log of ${name}:`);
    stage.output(fleet.logOf(name).split('\n').slice(-12).join('\n'));
  }
}

function environmentOf(env: DemoOptions['env']): DemoOptions['env'] {
  return Object.fromEntries(PASSED_ON.map((name) => [name, env[name]]));
}
