import { CodedError } from '../lib/coded-error.ts';

export type ServiceErrorCode =
  | 'unsupported'
  | 'not-allowed'
  | 'bad-option'
  | 'no-user'
  | 'not-installed'
  | 'failed';

/** Why a service could not be dealt with: a sentence that names the thing and the way out. */
export class ServiceError extends CodedError<ServiceErrorCode> {
  override name = 'ServiceError';
}
