type Row = Readonly<Record<string, unknown>>;

/** How many rows of what is shown came, went, moved or changed in what was read since. */
export function changedRows(before: object, after: object): number {
  const [old, now] = [listsOf(before), listsOf(after)];
  return now.reduce((sum, list, place) => sum + changedIn(old[place] ?? new Map(), list), 0);
}

function changedIn(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): number {
  const changed = [...after].filter(([key, row]) => before.get(key) !== row).length;
  const gone = [...before.keys()].filter((key) => !after.has(key)).length;
  if (changed + gone > 0) return changed + gone;
  const order = [...before.keys()];
  return [...after.keys()].filter((key, place) => key !== order[place]).length;
}

/** The lists of a screen, each with its rows by what they are about. */
function listsOf(data: object): ReadonlyMap<string, string>[] {
  return Object.values(data).flatMap((value: unknown) => {
    const rows = Array.isArray(value) ? value : (value as { items?: unknown } | null)?.items;
    if (!Array.isArray(rows)) return [];
    return [new Map((rows as Row[]).map((row, place) => [keyOf(row, place), JSON.stringify(shownOf(row))]))];
  });
}

function keyOf({ id, subject, path, name, node, line }: Row, place: number): string {
  return String(id ?? subject ?? path ?? name ?? (line === undefined ? (node ?? place) : `${node} ${line}`));
}

/** The node that is asked hears of itself all the time. */
function shownOf(row: Row): Row {
  return row.isSelf === true ? { ...row, lastSeenAt: null } : row;
}
