/** A target that cannot be read, or a group that cannot be used: a sentence that names the place and the way out. */
export class TargetError extends Error {
  override name = 'TargetError';
  readonly code = 'bad-target';
}
