/** Why the supervisor refused. */
export type SupervisorErrorCode = 'already-running' | 'stopped';

/** The supervisor did not start a process. */
export class SupervisorError extends Error {
  override name = 'SupervisorError';
  readonly code: SupervisorErrorCode;

  constructor(code: SupervisorErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
