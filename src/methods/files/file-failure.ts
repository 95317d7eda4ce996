import { rm, stat } from 'node:fs/promises';
import { openNew, placeInside, UnsafePathError } from '../../lib/open-inside.ts';
import { errorCode, systemFault } from '../../lib/system-fault.ts';
import { isTemporary, TemporaryError } from '../../lib/temporary-error.ts';
import type { Outcome } from '../../message/method-contract.ts';

/** What a mount below the data folder may have of its own; elsewhere it may pass, as when a disk is mounted anew. */
const OWN_FAULTS: ReadonlySet<string | undefined> = new Set([
  ...['EROFS', 'EBUSY', 'ESTALE', 'ENOTCONN', 'EHOSTDOWN', 'ENODEV'],
]);
/** What is said where a folder on the way is none: the data folder itself may be on a disk that is not there at the moment. */
const NO_FOLDER: ReadonlySet<string | undefined> = new Set(['ENOTDIR', 'EEXIST', 'ENOENT', 'ELOOP']);

/**
 * Turns a failed write into the outcome of its messages; a fault that may pass is thrown as TemporaryError. A folder that
 * is read-only while the data folder is not refuses its own messages: others do not wait for it. All wait for the data folder.
 */
export async function fileFailure(
  dataFolder: string | undefined,
  path: string,
  error: unknown,
): Promise<Outcome> {
  const reason = `the file ${path} in the data folder can't be written: ${faultText(error)}`;
  const isOwn =
    OWN_FAULTS.has(errorCode(error)) && dataFolder !== undefined && (await isWritable(dataFolder));
  const isAway = NO_FOLDER.has(errorCode(error)) && dataFolder !== undefined && !(await isFolder(dataFolder));
  if (isAway) throw new TemporaryError(`the data folder ${dataFolder} is no folder`, { cause: error });
  if (!isOwn && isTemporary(error)) throw new TemporaryError(reason, { cause: error });
  return { ok: false, reason };
}

async function isWritable(folder: string): Promise<boolean> {
  try {
    const place = await placeInside(folder, `.steward-${process.pid}.probe`);
    await rm(place, { force: true });
    await using probe = await openNew(place);
    await rm(place);
    await probe.write('.');
    await probe.sync();
    return true;
  } catch {
    return false;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

function faultText(error: unknown): string {
  return error instanceof UnsafePathError ? error.message : systemFault(error);
}
