import { CodedError } from '../lib/coded-error.ts';

/** The demo saw something that is not as it should be, or could not go on. */
export class DemoError extends CodedError<'not-so' | 'ended' | 'too-long'> {
  override name = 'DemoError';
}
