const MAX_NAME_BYTES = 255;

/** A path below some folder, with `/` between its names, or why there is none. */
export type RelativePath = { readonly path: string } | { readonly fault: string };

/**
 * Puts parts of a path together so that it can't leave the folder that it is taken relative to: a leading `/`
 * and `.` are dropped, `..` and control characters are refused. Each part comes with the name that a fault
 * calls it by.
 */
export function relativePath(parts: ReadonlyArray<readonly [name: string, value: string]>): RelativePath {
  const names: string[] = [];
  for (const [part, value] of parts) {
    for (const name of value.split('/')) {
      if (name === '' || name === '.') continue;
      const fault = nameFault(name);
      if (fault !== undefined) return { fault: `${part} ${JSON.stringify(shorten(value))} ${fault}` };
      names.push(name);
    }
  }
  return { path: names.join('/') };
}

function nameFault(name: string): string | undefined {
  if (name === '..') return 'contains "..", and files are written below the data folder only';
  if (/\p{Cc}/u.test(name)) return 'contains a control character';
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `has a name of more than ${MAX_NAME_BYTES} bytes`;
  return undefined;
}

function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 80)}...`;
}
