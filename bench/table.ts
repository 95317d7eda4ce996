import { changeOf, type Release } from './history.ts';
import { type Goal, isMet, type Row } from './row.ts';

/**
 * The rows as a table for people, one line each, with notes and faults below; behind each row how it has changed since
 * the last release, where there is one.
 */
export function formatTable(rows: readonly Row[], last?: Release): string {
  const head = ['figure', 'value', 'limit', 'ratio', 'goal', 'met?'];
  if (last !== undefined) head.push(`since ${last.version}`);
  const lines = [
    head,
    ...rows.map((row) => [...cells(row), ...(last === undefined ? [] : [since(row, last)])]),
  ];
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

function since(row: Row, last: Release): string {
  const change = changeOf(row, last);
  if (change === undefined) return '-';
  const percent = Math.round(change.gain * 100);
  return `${change.hasFallen ? 'FELL ' : ''}${percent > 0 ? '+' : ''}${percent} %`;
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
