import type { Config } from '../config/config.ts';

/** A node that runs until it is disposed; `failed` resolves when it cannot go on. */
export type RunningNode = AsyncDisposable & { readonly failed: Promise<Error> };

/** Stub, to be replaced by the composition root. */
export async function startNode(_config: Config, _options: { version: string }): Promise<RunningNode> {
  throw new Error('the node is not built yet');
}
