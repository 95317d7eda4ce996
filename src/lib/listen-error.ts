import { CodedError } from './coded-error.ts';

/** Why something could not begin to listen. */
export type ListenErrorCode =
  | 'path-too-long'
  | 'in-use'
  | 'not-a-socket'
  | 'unavailable'
  | 'bad-token'
  | 'bad-certificate';

/** A listener could not start; the message names its address and what to do. */
export class ListenError extends CodedError<ListenErrorCode> {
  override name = 'ListenError';
}
