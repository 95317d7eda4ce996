/** One line of the result: a figure with its limit and its goal. */
export interface Row {
  readonly name: string;
  readonly figure: string;
  readonly value?: number;
  readonly unit: string;
  /** What the same machine does at best, measured in the same run. */
  readonly limit?: number;
  /** What is held against the goal where it is not the value itself, mostly value / limit. */
  readonly ratio?: number;
  readonly goal?: Goal;
  readonly note?: string;
  /** Why there is no value. */
  readonly fault?: string;
}

/** A bound for the ratio, or for the value where there is no ratio. */
export interface Goal {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** Whether a row meets its goal; undefined where it has none. */
export function isMet({ goal, ratio, value, fault }: Row): boolean | undefined {
  if (fault !== undefined) return false;
  const measured = ratio ?? value;
  if (goal === undefined || measured === undefined) return undefined;
  return measured >= (goal.atLeast ?? -Infinity) && measured <= (goal.atMost ?? Infinity);
}
