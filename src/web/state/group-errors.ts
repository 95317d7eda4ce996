import { errorEntries } from '../../contract/error-entries.ts';
import type { ErrorLine } from '../../contract/nodes.ts';

/** Lines that say the same but for names, numbers and times. */
export interface ErrorGroup {
  readonly count: number;
  /** The nodes that they are from, by name. */
  readonly nodes: readonly string[];
  /** The text of the newest, without its date and its node. */
  readonly text: string;
  /** When the newest was written, as its node wrote that; '' where it does not say. */
  readonly at: string;
}

/** A line as nodes write it: `<date>, node: <name>, <text>`. */
const PARTS = /^([^,]*), node: [^,\s]+, (.*)$/s;
/** What differs from one line of a kind to the next: ids, numbers, and what stands in quotes. */
const VARIABLE = /[0-9a-f]{8}-[0-9a-f-]{9,27}|"[^"]*"|\d+/gi;

/** Groups lines, oldest first, by what they say; the group with the newest line comes first. */
export function groupErrors(lines: readonly ErrorLine[]): ErrorGroup[] {
  const groups = new Map<string, { count: number; nodes: Set<string>; text: string; at: string }>();
  for (const entry of errorEntries(lines)) {
    const { node } = entry[0]!;
    const line = entry.map((one) => one.line.trim()).join('\n');
    const [, at = '', text = line] = PARTS.exec(line) ?? [];
    const kind = text.replaceAll(node || '\0', '\0').replace(VARIABLE, '\0');
    const { count, nodes } = groups.get(kind) ?? { count: 0, nodes: new Set<string>() };
    groups.delete(kind);
    groups.set(kind, {
      ...{ text, count: count + 1, at },
      nodes: node === '' ? nodes : nodes.add(node),
    });
  }
  return [...groups.values()].reverse().map((group) => ({ ...group, nodes: [...group.nodes].sort() }));
}
