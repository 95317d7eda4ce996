/** Why metrics cannot be served. */
export type MetricsServerErrorCode = 'in-use' | 'unavailable';

/** The metrics' HTTP server could not start; the message names the address and the way out. */
export class MetricsServerError extends Error {
  override name = 'MetricsServerError';
  readonly code: MetricsServerErrorCode;

  constructor(code: MetricsServerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
