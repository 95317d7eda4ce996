export type Verdict = 'ok' | 'warn' | 'fail';

/** What one look at a node's surroundings showed. */
export interface Finding {
  /** What was looked at, in a word. */
  readonly check: string;
  readonly verdict: Verdict;
  readonly text: string;
  /** What to do; absent where all is well. */
  readonly advice?: string;
}

/** Findings of one check; `advice` is told where the verdict is not `ok`. */
export function finding(check: string, verdict: Verdict, text: string, advice?: string): Finding {
  return advice === undefined ? { check, verdict, text } : { check, verdict, text, advice };
}
