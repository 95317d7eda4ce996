import { CodedError } from '../lib/coded-error.ts';

/** Why metrics cannot be served. */
export type MetricsServerErrorCode = 'in-use' | 'unavailable';

/** The metrics' HTTP server could not start; the message names the address and the way out. */
export class MetricsServerError extends CodedError<MetricsServerErrorCode> {
  override name = 'MetricsServerError';
}
