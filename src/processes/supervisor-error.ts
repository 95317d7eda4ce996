import { CodedError } from '../lib/coded-error.ts';

/** Why the supervisor refused. */
export type SupervisorErrorCode = 'already-running' | 'stopped';

/** The supervisor did not start a process. */
export class SupervisorError extends CodedError<SupervisorErrorCode> {
  override name = 'SupervisorError';
}
