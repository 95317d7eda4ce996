/** The demo saw something that is not as it should be, or could not go on. */
export class DemoError extends Error {
  override name = 'DemoError';
  readonly code: 'not-so' | 'ended' | 'too-long';

  constructor(code: DemoError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
