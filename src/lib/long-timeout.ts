const MAX_TIMER_MS = 2 ** 31 - 1;

/** Calls `work` once after `ms`, however long that is (a timer alone ends at 24.8 days); returns the function that cancels. */
export function longTimeout(ms: number, work: () => void): () => void {
  // In a function of its own, as what cancels this one keeps nothing but its timer in memory.
  if (ms > MAX_TIMER_MS) return longerTimeout(ms, work);
  const timer = setTimeout(work, ms);
  return () => clearTimeout(timer);
}

function longerTimeout(ms: number, work: () => void): () => void {
  let cancel = (): void => clearTimeout(timer);
  const timer = setTimeout(() => {
    cancel = longTimeout(ms - MAX_TIMER_MS, work);
  }, MAX_TIMER_MS);
  return () => cancel();
}
