import { goDate } from '../../lib/go-date.ts';
import type { RunMethod } from '../method.ts';
import { opListed } from './op-result.ts';

/** A request that runs again and again, as the list shows it. */
export interface ScheduleEntry {
  readonly id: string;
  readonly fromNode: string;
  readonly method: string;
  readonly schedule: unknown;
  readonly runs: number;
  readonly failed: number;
  readonly skipped: number;
  /** Unix ms; undefined where the last run is under way. */
  readonly nextAt: number | undefined;
}

export interface OpScheduleListDeps {
  readonly journal: { readonly schedules: { list(): readonly ScheduleEntry[] } };
  readonly now: () => Date;
}

/**
 * REQOpScheduleList (EventACK): lists the requests that run at a node by their schedule.
 *
 * No arguments. Reply: a line for each, `<date>, id: <id>, from: <node>, method: <method>, schedule: <schedule>,
 * runs: <n>, failed: <n>, skipped: <n>, next: <date>`, where `none` stands for the date once the last run is under
 * way; nothing where there is no schedule.
 */
export function createReqOpScheduleList({ journal, now }: OpScheduleListDeps): RunMethod {
  return {
    name: 'REQOpScheduleList',
    kind: 'EventACK',
    mode: 'run',
    summary: 'Lists the requests that run at a node by their schedule.',
    args: [],
    run: async () => {
      const date = goDate(now());
      return opListed(journal.schedules.list().map((entry) => `${date}, ${describe(entry)}\n`));
    },
  };
}

function describe(entry: ScheduleEntry): string {
  const { id, fromNode, method, runs, failed, skipped, nextAt } = entry;
  const next = nextAt === undefined ? 'none' : goDate(new Date(nextAt));
  const counts = `runs: ${runs}, failed: ${failed}, skipped: ${skipped}`;
  const schedule = JSON.stringify(entry.schedule);
  return `id: ${id}, from: ${fromNode}, method: ${method}, schedule: ${schedule}, ${counts}, next: ${next}`;
}
