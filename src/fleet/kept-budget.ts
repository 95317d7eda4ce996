import type { KeptTimes } from '../store/kept-clock.ts';
import { readMeta, saveMeta, shiftMetaField } from '../store/meta.ts';
import type { Statement } from '../store/statement.ts';
import type { Store } from '../store/store.ts';

const META_KEY = 'link_budget';

/** What went of today's budget, as it was written down last. */
export function readBudget(store: Pick<Store, 'get'>): string | undefined {
  return readMeta(store, META_KEY);
}

/** Statement that writes down what went of today's budget. */
export function saveBudget(text: string): Statement {
  return saveMeta(META_KEY, text);
}

/** The times in it. */
export const budgetTimes: KeptTimes = {
  shift: (ms) => [shiftMetaField(META_KEY, 'beganAt', ms)],
  // Who has a budget reads the clock every minute: it need not be watched for this.
  anySql: 'SELECT 1 WHERE 0',
};
