/** Why a single-file program could not be made; `unavailable` where the package registry could not be asked. */
export class BinError extends Error {
  override name = 'BinError';
  readonly code: 'unavailable' | 'failed';

  constructor(code: 'unavailable' | 'failed', message: string) {
    super(message);
    this.code = code;
  }
}
