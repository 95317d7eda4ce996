/** What a week in short tells of, and of how many slots it is. */
export const WEEK_MS = 7 * 86_400_000;
export const WEEK_SLOTS = 84;

/** A stretch of slots that are alike: here or away all the time, both, or nothing is known. Places are slots, from the oldest on. */
interface WeekRun {
  readonly is: 'here' | 'away' | 'both' | 'unknown';
  readonly from: number;
  readonly to: number;
}

const MEANS: Readonly<Record<string, WeekRun['is']>> = { '-': 'unknown', 9: 'here', 0: 'away' };

/**
 * Reads how a node was here in the last week: a character for each two hours, `-` where nothing is known, 9 where it was here all the
 * time, 0 where it was away, and between them how much it was here. `hereShare` is of what is known; undefined where nothing is.
 */
export function readWeek(week: string): { runs: WeekRun[]; hereShare: number | undefined } {
  const runs: WeekRun[] = [];
  let [sum, known] = [0, 0];
  for (const [slot, char] of [...week].entries()) {
    const is = MEANS[char] ?? 'both';
    const last = runs.at(-1);
    if (last?.is === is) runs[runs.length - 1] = { ...last, to: slot + 1 };
    else runs.push({ is, from: slot, to: slot + 1 });
    if (is === 'unknown') continue;
    sum += Number(char);
    known++;
  }
  return { runs, hereShare: known === 0 ? undefined : sum / (known * 9) };
}
