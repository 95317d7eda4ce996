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

function flatJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flatJson).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const rows = Object.entries(value).filter(([, item]) => item !== undefined);
    if (rows.length === 0) return '{}';
    return `{ ${rows.map(([key, item]) => `${JSON.stringify(key)}: ${flatJson(item)}`).join(', ')} }`;
  }
  return JSON.stringify(value) ?? 'null';
}
