/** JSON with an indent of two, in which lists and objects that are short enough stand on one line. */
export function compactJson(value: unknown, width: number, indent = '', used = indent.length): string {
  const flat = flatJson(value);
  if (typeof value !== 'object' || value === null || used + flat.length + 1 <= width) return flat;
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const rows = isList
    ? value.map((item) => `${inner}${compactJson(item, width, inner)}`)
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => {
          const name = `${inner}${JSON.stringify(key)}: `;
          return `${name}${compactJson(item, width, inner, name.length)}`;
        });
  if (rows.length === 0) return flat;
  const [open, close] = isList ? '[]' : '{}';
  return `${open}\n${rows.join(',\n')}\n${indent}${close}`;
}

/** A JSON object in as few rows as its fields go into, for where there are few. */
export function filledJson(value: Readonly<Record<string, unknown>>, width: number): string {
  const parts = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => `${JSON.stringify(key)}: ${flatJson(item)}`);
  const rows: string[] = [];
  let row = '{';
  for (const [index, part] of parts.entries()) {
    const text = ` ${part}${index === parts.length - 1 ? ' }' : ','}`;
    if (row.length > 1 && row.length + text.length > width) {
      rows.push(row);
      row = ' ';
    }
    row += text;
  }
  return [...rows, parts.length === 0 ? '{}' : row].join('\n');
}

function flatJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flatJson).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const rows = Object.entries(value).filter(([, item]) => item !== undefined);
    if (rows.length === 0) return '{}';
    return `{ ${rows.map(([key, item]) => `${JSON.stringify(key)}: ${flatJson(item)}`).join(', ')} }`;
  }
  return JSON.stringify(value) ?? 'null';
}
