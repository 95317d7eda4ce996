/** What a column of a table needs: its least width, the one that shows all, and its rank where it may be left out. */
export interface ColumnNeed {
  readonly least: number;
  readonly whole: number;
  /** Where there is no room for all, columns of the lowest rank go first; those without one stay. */
  readonly rank?: number | undefined;
}

/** A column of texts of any length is never narrower, in characters. */
const NARROWEST = 5;

/**
 * The width of each column of a table, undefined for those left out. What is left goes to those that stay, the first of them
 * first, and then to those of the highest rank.
 */
export function fitColumns(
  needs: readonly ColumnNeed[],
  { width, gap }: { readonly width: number; readonly gap: number },
): (number | undefined)[] {
  const sizes: (number | undefined)[] = needs.map(({ least }) => least);
  const taken = () =>
    sizes.reduce<number>((sum, size) => (size === undefined ? sum : sum + size + gap), -gap);
  const byRank = needs
    .map(({ rank }, index) => ({ rank, index }))
    .filter(({ rank }) => rank !== undefined)
    .sort((a, b) => a.rank! - b.rank!);
  for (const { index } of byRank) if (taken() > width) sizes[index] = undefined;
  // Where even those that stay have no room, the one that takes all that is left gets less of it.
  const lacking = Math.max(0, taken() - width);
  const rest = needs.findIndex(({ whole }, index) => whole === Infinity && sizes[index] !== undefined);
  if (rest !== -1) sizes[rest] = Math.max(Math.min(NARROWEST, sizes[rest]!), sizes[rest]! - lacking);
  let free = Math.max(0, width - taken());
  const staying = needs.flatMap(({ rank }, index) => (rank === undefined ? [index] : []));
  for (const index of [...staying, ...byRank.map((one) => one.index).toReversed()]) {
    const size = sizes[index];
    if (size === undefined) continue;
    const more = Math.min(free, Math.max(0, needs[index]!.whole - size));
    sizes[index] = size + more;
    free -= more;
  }
  return sizes;
}
