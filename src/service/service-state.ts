import { readFile } from 'node:fs/promises';
import { type RunProgram, runProgram } from './run-program.ts';
import { unitPath } from './service-plan.ts';
import { Systemd, type UnitState } from './systemd.ts';
import { readUnit } from './unit-text.ts';

/** A service that steward installed, and how it does. */
export interface ServiceState {
  readonly unitPath: string;
  readonly configFolder: string;
  readonly stateFolder: string;
  readonly user: string;
  readonly execStart: string;
  /** Undefined where systemd does not run. */
  readonly unit: UnitState | undefined;
}

/** The service of a name; undefined where steward has installed none. */
export async function readServiceState(
  name: string,
  root = '/',
  deps: { run: RunProgram; isSystemdRunning(): boolean } = {
    run: runProgram,
    isSystemdRunning: Systemd.isRunning,
  },
): Promise<ServiceState | undefined> {
  const path = unitPath(name, root);
  const unit = readUnit(await readFile(path, 'utf8').catch(() => ''));
  if (unit === undefined) return undefined;
  const isAsked = root === '/' && deps.isSystemdRunning();
  const state = isAsked ? await new Systemd(deps.run).state(`${name}.service`) : undefined;
  return { unitPath: path, ...unit, unit: state };
}
