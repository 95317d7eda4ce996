/** One line of the result: a figure beside its limit and its goal. */
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

/** The rows as a table for people, one line each, with notes and faults below. */
export function formatTable(rows: readonly Row[]): string {
  const head = ['figure', 'value', 'limit', 'ratio', 'goal', 'met?'];
  const lines = [head, ...rows.map(cells)];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const table = lines.map((line) =>
    line
      .map((cell, column) => pad(cell, widths[column]!, column))
      .join('  ')
      .trimEnd(),
  );
  const notes = rows.flatMap(({ figure, note, fault }) => {
    const text = fault === undefined ? note : `FAILED: ${fault}`;
    return text === undefined ? [] : [`${figure}: ${text}`];
  });
  return [...table, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}

function cells(row: Row): string[] {
  const { figure, value, unit, limit, ratio, goal } = row;
  const met = isMet(row);
  return [
    figure,
    value === undefined ? '-' : `${round(value)} ${unit}`,
    limit === undefined ? '-' : `${round(limit)} ${unit}`,
    ratio === undefined ? '-' : ratio.toFixed(2),
    goal === undefined ? '-' : goalText(goal),
    met === undefined ? '-' : met ? 'yes' : 'NO',
  ];
}

function goalText({ atLeast, atMost }: Goal): string {
  return atLeast !== undefined ? `>= ${atLeast}` : `<= ${atMost}`;
}

function round(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

function pad(text: string, width: number, column: number): string {
  return column === 0 ? text.padEnd(width) : text.padStart(width);
}
