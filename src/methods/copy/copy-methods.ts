import type { Method } from '../method.ts';
import { IncomingCopies } from './incoming-copies.ts';
import {
  type CopyFileFromDeps,
  type CopyFileFromOptions,
  createReqCopyFileFrom,
} from './req-copy-file-from.ts';
import { type CopyFileToDeps, createReqCopyFileTo, type NewModes } from './req-copy-file-to.ts';

export type CopyMethodsDeps = CopyFileFromDeps & Pick<CopyFileToDeps, 'sendReply'>;

/** Makes the methods that copy files between nodes; disposing `copies` closes the files that they keep open. */
export function createCopyMethods(
  options: CopyFileFromOptions & { readonly modes: NewModes },
  deps: CopyMethodsDeps,
): { readonly all: Method[]; readonly copies: AsyncDisposable } {
  const { copiesFolder: folder, modes } = options;
  const { clock, files } = deps;
  const copies = new IncomingCopies({ folder, folderMode: modes.folder, clock, files });
  const all = [createReqCopyFileFrom(options, deps), createReqCopyFileTo({ ...deps, copies, modes })];
  return { all, copies };
}
