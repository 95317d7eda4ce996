const MAX_TIMER_MS = 2 ** 31 - 1;

/** Calls `work` once after `ms`, however long that is (a timer alone ends at 24.8 days); returns the function that cancels. */
export function longTimeout(ms: number, work: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (left: number): void => {
    const step = Math.min(left, MAX_TIMER_MS);
    timer = setTimeout(() => (left > step ? wait(left - step) : work()), step);
  };
  wait(ms);
  return () => clearTimeout(timer);
}
