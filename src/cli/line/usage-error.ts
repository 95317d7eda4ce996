import { EXIT } from './exit-codes.ts';

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
