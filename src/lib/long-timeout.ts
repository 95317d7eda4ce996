const MAX_TIMER_MS = 2 ** 31 - 1;

/** Calls `work` once after `ms`, however long that is (a timer alone ends at 24.8 days); returns the function that cancels. */
export function longTimeout(ms: number, work: () => void): () => void {
  if (ms <= MAX_TIMER_MS) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  }
  let cancel = (): void => clearTimeout(timer);
  const timer = setTimeout(() => {
    cancel = longTimeout(ms - MAX_TIMER_MS, work);
  }, MAX_TIMER_MS);
  return () => cancel();
}
