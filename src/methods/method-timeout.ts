import type { Message } from '../message/message.ts';

/** How long a method may run, ms; undefined for no limit (-1). A message that says nothing (0) gets the default (s). */
export function methodTimeoutMs({ methodTimeout }: Message, defaultSeconds: number): number | undefined {
  const seconds = methodTimeout === 0 ? defaultSeconds : methodTimeout;
  return seconds < 0 ? undefined : seconds * 1000;
}

/** The limit in words. */
export function describeTimeout({ methodTimeout }: Message): string {
  return methodTimeout > 0 ? `methodTimeout (${methodTimeout} s)` : 'the default methodTimeout';
}

/** How a run ends whose signal was aborted: it was cancelled, or the node stopped. */
export function abortedState(signal: AbortSignal): 'cancelled' | 'interrupted' {
  return (signal.reason as { code?: unknown } | undefined)?.code === 'cancelled'
    ? 'cancelled'
    : 'interrupted';
}
