/** Time as a dependency: what the hour is, and what is to happen later. */
export interface Clock {
  /** Unix time in milliseconds. */
  now(): number;
  /** Runs `task` once after `delayMs`; the answer takes that back. */
  after(delayMs: number, task: () => void): () => void;
}

/** The clock of the machine. Its tasks do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs).unref();
    return () => clearTimeout(timer);
  },
};
