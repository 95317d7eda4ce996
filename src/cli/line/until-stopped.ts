import type { Writable } from 'node:stream';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * A signal that is aborted when somebody asks this process to stop (Ctrl-C), or when nobody reads its output any more,
 * until it is disposed of. A second signal ends the process at once.
 */
export function untilStopped(output?: Writable): { readonly signal: AbortSignal } & Disposable {
  const stopping = new AbortController();
  const forget = () => {
    for (const signal of SIGNALS) process.off(signal, stop);
    output?.off('error', stop);
  };
  const stop = () => {
    stopping.abort();
    forget();
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  output?.on('error', stop);
  return { signal: stopping.signal, [Symbol.dispose]: forget };
}
