/** Why a run is told to stop. */
export class StopReason extends Error {
  override name = 'StopReason';
  readonly code: 'stopping' | 'cancelled';

  constructor(code: 'stopping' | 'cancelled', message: string) {
    super(message);
    this.code = code;
  }
}
