const MAX_TIMER_MS = 2 ** 31 - 1;

/** Calls `work` once after `ms`, however long that is (a timer alone ends at 24.8 days); returns the function that cancels. */
export function longTimeout(ms: number, work: () => void): () => void {
  return ms <= MAX_TIMER_MS ? timeout(ms, work) : longerTimeout(ms, work);
}

/** In a function of its own, what cancels it keeps nothing else in memory. */
function timeout(ms: number, work: () => void): () => void {
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
