import type { NodeSummary } from '../../contract/nodes.ts';
import { fitsPattern } from '../../lib/glob.ts';
import { cleanLine } from '../text/clean.ts';

/** The nodes that a filter's words fit, all of them: names, patterns with `*`, labels, presence, system, version. */
export function filterNodes(nodes: readonly NodeSummary[], text: string): readonly NodeSummary[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return nodes;
  return nodes.filter((node) => words.every((word) => fits(node, word)));
}

/** Labels as they are shown and looked for: `site=oslo tier=1`; behind them what else is to be said of the node. */
export function labelText(labels: Readonly<Record<string, string>>, note: string | null = null): string {
  const words = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return [...words, ...(note ? [`(${note})`] : [])].map(cleanLine).join(' ');
}

/** The list with nodes that have changed, by name. */
export function withNodes(
  nodes: readonly NodeSummary[],
  changed: readonly NodeSummary[],
): readonly NodeSummary[] {
  const byName = new Map(changed.map((node) => [node.name, node]));
  const kept = nodes.map((node) => {
    const now = byName.get(node.name);
    byName.delete(node.name);
    return now ?? node;
  });
  // Sorting many thousands of names takes longer than all else here, and new names are rare.
  return byName.size === 0 ? kept : [...kept, ...byName.values()].sort(inOrder);
}

/** This node and the central one first, then by name, numbers in names as numbers. */
function inOrder(a: NodeSummary, b: NodeSummary): number {
  return rank(a) - rank(b) || collator.compare(a.name, b.name);
}

const collator = new Intl.Collator('en', { numeric: true });

function rank({ isSelf, isCentral }: NodeSummary): number {
  return isSelf ? 0 : isCentral ? 1 : 2;
}

function fits(node: NodeSummary, word: string): boolean {
  if (word.includes('*') || word.includes('?')) return fitsPattern(word, node.name);
  if (word === node.presence) return true;
  const { name, version, os, arch } = node;
  return `${name} ${labelText(node.labels)} ${os ?? ''}/${arch ?? ''} ${version ?? ''}`
    .toLowerCase()
    .includes(word);
}
