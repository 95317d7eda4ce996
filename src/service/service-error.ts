export type ServiceErrorCode =
  | 'unsupported'
  | 'not-allowed'
  | 'bad-option'
  | 'no-user'
  | 'not-installed'
  | 'failed';

/** Why a service could not be dealt with: a sentence that names the thing and the way out. */
export class ServiceError extends Error {
  override name = 'ServiceError';
  readonly code: ServiceErrorCode;

  constructor(code: ServiceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
