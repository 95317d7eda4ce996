import { CodedError } from '../lib/coded-error.ts';

export type BrokerErrorCode = 'bad-option' | 'bad-users' | 'failed';

/** A broker cannot start or take its users; the message names the setting and the way out. */
export class BrokerError extends CodedError<BrokerErrorCode> {
  override name = 'BrokerError';
  /** What the process ends with. */
  readonly exitCode = this.code === 'failed' ? 1 : 2;
}
