import type { Readable, Writable } from 'node:stream';
import type { Environment } from '../../config/environment.ts';

/** What a command is called with. */
export interface CommandCall {
  /** The arguments after the command's name. */
  readonly args: readonly string[];
  readonly env: Environment;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** Does a command's work and returns the exit code of the process; reads its own line, and may ask for the other commands. */
export type RunCommand = (call: CommandCall, commands: readonly Command[]) => Promise<number>;

/** What a word on the command line can be completed to; `node` asks the running node for names. */
export type Completes = 'node' | 'target' | 'file' | 'folder' | 'id' | 'batch' | 'none' | readonly string[];

/** One `--option` of a command. */
export interface CommandOption {
  /** The one letter that may stand for it, as in `-f`. */
  readonly short?: string;
  /** Whether it may be given several times; the value is then a list. */
  readonly multiple?: boolean;
  /** What help shows for its value, such as `SECONDS`; an option without it is a flag. */
  readonly value?: string;
  /** What it does, in some words without a capital at the beginning; a default in the words `default 10`. */
  readonly summary: string;
  readonly completes?: Completes;
  /** Options that help and completion leave out. */
  readonly isHidden?: boolean;
}

export type CommandOptions = Readonly<Record<string, CommandOption>>;

/** The values of a command's options, by their names without the dashes; absent ones are undefined. */
export type OptionValues<O extends CommandOptions> = {
  readonly [K in keyof O]: O[K]['multiple'] extends true
    ? readonly string[] | undefined
    : O[K] extends { readonly value: string }
      ? string | undefined
      : CommandOption extends O[K]
        ? string | boolean | readonly string[] | undefined
        : boolean | undefined;
};

/** A command line that was read. */
export interface ParsedCall<O extends CommandOptions = CommandOptions> extends CommandCall {
  readonly options: OptionValues<O>;
  /** The words that are no options, up to a bare `--`. */
  readonly operands: readonly string[];
  /** The words after a bare `--`, as they are; undefined where there was none. */
  readonly rest: readonly string[] | undefined;
}

/** What a command is: all that help, completion and the reading of its line need, and its work. */
export interface CommandSpec<O extends CommandOptions = CommandOptions> {
  /** The lines that show how it is called, each without `steward`: `exec [options] TARGET... -- COMMAND [ARG...]`. */
  readonly usage: readonly string[];
  /** What it does and what is good to know, as lines of at most 100 columns. */
  readonly about: readonly string[];
  readonly options: O;
  /** What its operands complete to, in their order; the last one stands for all that follow. */
  readonly operands?: readonly Completes[];
  /** Where it takes none: how what was meant by one is given, as a sentence behind the refusal. */
  readonly noOperands?: string;
  readonly examples: readonly { readonly line: string; readonly does: string }[];
  run(call: ParsedCall<O>): Promise<number>;
}

/** Gives a command's options their exact types; has no effect. */
export function defineCommand<const O extends CommandOptions>(spec: CommandSpec<O>): CommandSpec {
  return spec as unknown as CommandSpec;
}

/** One word that may follow `steward`. */
export interface Command {
  readonly name: string;
  readonly group: keyof typeof COMMAND_GROUPS;
  readonly summary: string;
  /** True for what scripts call, and help and completion leave out. */
  readonly isHidden?: boolean;
  /** Loads the command's code, so that a small command does not wait for a large one's. A function reads its own line. */
  load(): Promise<RunCommand | CommandSpec>;
}

/** The headings under which help lists the commands. */
export const COMMAND_GROUPS = {
  fleet: 'Doing things on nodes',
  state: 'What became of it',
  setup: 'Setting up',
  program: 'The program',
} as const;

/** A mistake in a command line: a sentence that names the word and the way out. */
export class UsageError extends Error {
  override name = 'UsageError';
  readonly code = 'usage';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.fault) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** How a command ended, for scripts: the exit code of its process. */
export const EXIT = {
  /** All that was asked for succeeded. */
  ok: 0,
  /** The command line is wrong, or the command itself could not do its work. */
  fault: 1,
  /** Some requests failed. */
  failed: 2,
  /** Some did not answer, are still to run, or a part of their output is lost; none failed. */
  noAnswer: 3,
  /** A target names no node that is known. */
  noNode: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
