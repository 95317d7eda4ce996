import type { Writable } from 'node:stream';
import type { Environment } from '../config/environment.ts';

/** What a command is called with. */
export interface CommandCall {
  /** The arguments after the command's name. */
  readonly args: readonly string[];
  readonly env: Environment;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** Does a command's work and gives the exit code of the process. */
export type RunCommand = (call: CommandCall) => Promise<number>;

/** One word that may follow `steward`. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Loads the command's code, so that a small command does not wait for a large one's. */
  load(): Promise<RunCommand>;
}
