import { CodedError } from '../../lib/coded-error.ts';

/** Why a run is told to stop. */
export class StopReason extends CodedError<'stopping' | 'cancelled'> {
  override name = 'StopReason';
}
