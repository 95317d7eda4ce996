import { existsSync } from 'node:fs';
import type { RunProgram } from './run-program.ts';
import { ServiceError } from './service-error.ts';

/** What systemd tells of a unit. */
export interface UnitState {
  /** `active`, `inactive`, `activating`, `failed`. */
  readonly active: string;
  /** More exactly: `running`, `auto-restart`, `dead`. */
  readonly sub: string;
  readonly pid: number;
  /** Since when it is in this state, ms since 1970; undefined where it never was in any. */
  readonly sinceMs: number | undefined;
  /** Whether it starts with the machine: `enabled`, `disabled`. */
  readonly enabled: string;
  readonly restarts: number;
  /** How it ended the last time: `success`, `exit-code`, `timeout`, `oom-kill`. */
  readonly result: string;
}

/** The service manager of this machine. */
export class Systemd {
  readonly #run: RunProgram;

  constructor(run: RunProgram) {
    this.#run = run;
  }

  /** Whether it is what started this machine, as the manual of sd_booted(3) has it. */
  static isRunning(): boolean {
    return existsSync('/run/systemd/system');
  }

  /** Runs systemctl. Throws ServiceError with what it says. */
  async control(...args: string[]): Promise<void> {
    const { exitCode, stderr } = await this.#run('systemctl', args);
    if (exitCode === 0) return;
    const reason = stderr.trim().replaceAll('\n', ' ') || `exit code ${exitCode}`;
    throw new ServiceError('failed', `systemctl ${args.join(' ')} failed: ${reason}`);
  }

  /** The state of a unit; undefined where systemd does not answer. */
  async state(unit: string): Promise<UnitState | undefined> {
    const names = [
      'ActiveState',
      'SubState',
      'MainPID',
      'StateChangeTimestamp',
      'UnitFileState',
      'NRestarts',
      'Result',
    ];
    const { exitCode, stdout } = await this.#run('systemctl', [
      ...['show', unit, '--timestamp=unix', `--property=${names.join(',')}`],
    ]);
    if (exitCode !== 0) return undefined;
    const values = new Map(stdout.split('\n').map((line) => splitAt(line, '=')));
    const seconds = Number(/^@(\d+)/.exec(values.get('StateChangeTimestamp') ?? '')?.[1]);
    return {
      active: values.get('ActiveState') ?? 'unknown',
      sub: values.get('SubState') ?? 'unknown',
      pid: Number(values.get('MainPID') ?? 0),
      sinceMs: Number.isFinite(seconds) ? seconds * 1000 : undefined,
      enabled: values.get('UnitFileState') || 'unknown',
      restarts: Number(values.get('NRestarts') ?? 0),
      result: values.get('Result') ?? 'unknown',
    };
  }
}

function splitAt(line: string, sign: string): [string, string] {
  const at = line.indexOf(sign);
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
}
