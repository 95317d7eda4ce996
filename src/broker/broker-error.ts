export type BrokerErrorCode = 'bad-option' | 'bad-users' | 'failed';

/** A broker cannot start or take its users; the message names the setting and the way out. */
export class BrokerError extends Error {
  override name = 'BrokerError';
  readonly code: BrokerErrorCode;
  /** What the process ends with. */
  readonly exitCode: number;

  constructor(code: BrokerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.exitCode = code === 'failed' ? 1 : 2;
  }
}
