export type BusErrorCode = 'refused' | 'closed' | 'bad-option';

/** A fault between the node and its broker, or a setting that cannot work. */
export class BusError extends Error {
  override name = 'BusError';
  readonly code: BusErrorCode;

  constructor(code: BusErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
