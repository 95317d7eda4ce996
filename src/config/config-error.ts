import { CodedError } from '../lib/coded-error.ts';

/** What kind of mistake a ConfigError is about. */
export type ConfigErrorCode =
  | 'bad-flag'
  | 'unknown-flag'
  | 'unexpected-argument'
  | 'bad-value'
  | 'missing-value'
  | 'bad-file'
  | 'unreadable-file';

/** A mistake in what the operator gave: the message is one sentence that names the thing and the way out. */
export class ConfigError extends CodedError<ConfigErrorCode> {
  override name = 'ConfigError';
  /** What the process ends with. */
  readonly exitCode = 2;
}
