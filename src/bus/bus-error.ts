import { CodedError } from '../lib/coded-error.ts';

export type BusErrorCode = 'refused' | 'closed' | 'bad-option';

/** A fault between the node and its broker, or a setting that cannot work (exit code 2). */
export class BusError extends CodedError<BusErrorCode> {
  override name = 'BusError';
  /** What the process ends with. */
  readonly exitCode = this.code === 'bad-option' ? 2 : 1;
}
