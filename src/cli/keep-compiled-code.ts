import type { Environment } from '../config/environment.ts';

/**
 * Lets Node.js keep the compiled code of commands in the user's own cache folder, which makes them start sooner. Not for
 * a node (`run`, or flags alone), which is started once and runs long.
 */
export function keepCompiledCode(env: Environment, firstWord: string | undefined): void {
  if (firstWord === undefined || firstWord.startsWith('-') || firstWord === 'run') return;
  const cache = env.XDG_CACHE_HOME || (env.HOME ? `${env.HOME}/.cache` : undefined);
  // Elsewhere, as in /tmp, somebody else could put code there.
  if (cache === undefined || !cache.startsWith('/')) return;
  const { enableCompileCache } = process.getBuiltinModule('node:module');
  enableCompileCache?.(`${cache}/steward`);
}
