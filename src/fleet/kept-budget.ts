import type { Bus } from '../bus/bus.ts';
import type { Config } from '../config/config.ts';
import type { Clock } from '../lib/clock.ts';
import { LinkBudget } from '../link/link-budget.ts';
import type { KeptClock, KeptTimes } from '../store/kept-clock.ts';
import { readMeta, saveMeta, shiftMeta } from '../store/meta.ts';
import type { Statement, Store } from '../store/store.ts';

const META_KEY = 'link_budget';

interface BudgetDeps {
  readonly store: Pick<Store, 'get' | 'write'>;
  readonly clock: Clock;
  readonly kept: KeptClock;
  readonly bus: Pick<Bus, 'traffic'>;
  readonly logger: { warn(fields: object, text: string): void };
}

/** Counts what goes over the link, and goes on where an earlier life ended. */
export function openBudget(
  { linkBudgetBytes: bytesPerDay }: Config,
  { store, clock, kept, bus, logger }: BudgetDeps,
): LinkBudget {
  return new LinkBudget(
    { bytesPerDay },
    {
      ...{ clock, kept, saved: readMeta(store, META_KEY) },
      traffic: bus.traffic,
      save: (text) => {
        store
          .write([saveBudget(text)])
          .catch((error) => logger.warn({ err: error }, 'what went over the link could not be written down'));
      },
    },
  );
}

/** Statement that writes down what went of today's budget. */
export function saveBudget(text: string): Statement {
  return saveMeta(META_KEY, text);
}

/** The times in it. */
export const budgetTimes: KeptTimes = {
  shift: (ms) => [shiftMeta(META_KEY, ms, 'beganAt')],
  // Who has a budget reads the clock every minute: it need not be watched for this.
  anySql: 'SELECT 1 WHERE 0',
};
