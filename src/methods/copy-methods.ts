import { IncomingCopies } from './incoming-copies.ts';
import type { Method } from './method.ts';
import {
  type CopyFileFromDeps,
  type CopyFileFromOptions,
  createReqCopyFileFrom,
} from './req-copy-file-from.ts';
import { type CopyFileToDeps, createReqCopyFileTo } from './req-copy-file-to.ts';

export interface CopyMethodsOptions extends CopyFileFromOptions {
  /** Where the records of copies that come in are kept. */
  readonly copiesFolder: string;
}

export type CopyMethodsDeps = CopyFileFromDeps & Pick<CopyFileToDeps, 'sendReply'>;

/** Makes the methods that copy files between nodes; disposing closes the files that they keep open. */
export function createCopyMethods(
  options: CopyMethodsOptions,
  deps: CopyMethodsDeps,
): AsyncDisposable & { readonly all: Method[] } {
  const copies = new IncomingCopies({ folder: options.copiesFolder });
  const all = [createReqCopyFileFrom(options, deps), createReqCopyFileTo({ ...deps, copies })];
  return { all, [Symbol.asyncDispose]: () => copies[Symbol.asyncDispose]() };
}
