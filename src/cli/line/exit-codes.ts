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
