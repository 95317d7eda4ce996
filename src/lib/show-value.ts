const SHOWN_CHARACTERS = 60;

/** A value from JSON or YAML in the words of an error: `the number 5`, `the text "abc"`, `a list`. */
export function showValue(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return `the text ${showText(value)}`;
  if (typeof value === 'object') return 'an object';
  return typeof value === 'boolean' ? String(value) : `the ${typeof value} ${String(value)}`;
}

/** A text in quotes, with its control characters escaped, and cut where it is long. */
export function showText(text: string): string {
  if (text.length <= SHOWN_CHARACTERS) return JSON.stringify(text);
  return `${JSON.stringify(text.slice(0, SHOWN_CHARACTERS).toWellFormed())}...`;
}
