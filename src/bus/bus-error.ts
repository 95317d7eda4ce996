export type BusErrorCode = 'refused' | 'closed' | 'bad-option';

/** A fault between the node and its broker, or a setting that cannot work (exit code 2). */
export class BusError extends Error {
  override name = 'BusError';
  readonly code: BusErrorCode;
  /** What the process ends with. */
  readonly exitCode: number;

  constructor(code: BusErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.exitCode = code === 'bad-option' ? 2 : 1;
  }
}
