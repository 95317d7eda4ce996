import { UnsafePathError } from '../lib/open-inside.ts';
import { systemFault } from '../lib/system-fault.ts';
import { isTemporary, TemporaryError } from '../lib/temporary-error.ts';
import type { Outcome } from '../message/method-work.ts';

/** Turns a failed write into the outcome of its messages; a fault that may pass is thrown as TemporaryError. */
export function fileFailure(path: string, error: unknown): Outcome {
  const reason = `the file ${path} in the data folder can't be written: ${faultText(error)}`;
  if (isTemporary(error)) throw new TemporaryError(reason, { cause: error });
  return { ok: false, reason };
}

function faultText(error: unknown): string {
  return error instanceof UnsafePathError ? error.message : systemFault(error);
}
