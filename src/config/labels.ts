/** Labels by their keys, or a sentence's end that says what is wrong with the text. */
export type ParsedLabels =
  | { readonly ok: true; readonly labels: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly fault: string };

/** Reads `key=value,key=value`; spaces around a key or a value do not count, and an empty text is no label. */
export function parseLabels(text: string): ParsedLabels {
  const labels = new Map<string, string>();
  if (text.trim() === '') return { ok: true, labels: Object.freeze({}) };
  for (const part of text.split(',')) {
    const found = /^\s*([A-Za-z0-9][A-Za-z0-9._/-]{0,62})\s*=\s*([^\p{Cc}]*?)\s*$/u.exec(part);
    if (found === null) return { ok: false, fault: `has ${JSON.stringify(part)} where key=value belongs` };
    const [, key, value] = found;
    if (labels.has(key!)) return { ok: false, fault: `has the label ${key} twice` };
    labels.set(key!, value!);
  }
  return { ok: true, labels: Object.freeze(Object.fromEntries(labels)) };
}
