/** Waits for a signal, and no longer than it is kept: attempts to connect go on for months. */
export function whenAborted(signal: AbortSignal): Disposable & { readonly promise: Promise<undefined> } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const onAbort = () => resolve(undefined);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  return { promise, [Symbol.dispose]: () => signal.removeEventListener('abort', onAbort) };
}
