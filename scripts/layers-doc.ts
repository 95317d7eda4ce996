import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LAYERS } from '../test/support/layer-rules.ts';

/** Writes the graph and the table of layers in ARCHITECTURE.md anew from those that the layer test holds. */

const PAGE = join(import.meta.dirname, '..', 'ARCHITECTURE.md');
const BEGIN = '<!-- layers: written by scripts/layers-doc.ts -->';
const END = '<!-- end of layers -->';

/** The page with its graph and its table as they should be. */
export function withLayers(page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`ARCHITECTURE.md lacks the lines ${BEGIN} and ${END}`);
  return `${page.slice(0, begin)}${BEGIN}\n\n${graph()}\n\n${table()}\n\n${page.slice(end)}`;
}

/** An arrow for each import that is not also reached by way of another folder. */
function graph(): string {
  const arrows = Object.entries(LAYERS).flatMap(([folder, targets]) =>
    targets
      .filter((target) => !targets.some((other) => other !== target && reaches(other, target)))
      .map((target) => `  ${folder} --> ${target}`),
  );
  return ['```mermaid', 'flowchart LR', ...arrows, '```'].join('\n');
}

function reaches(from: string, to: string): boolean {
  return LAYERS[from]!.some((next) => next === to || reaches(next, to));
}

function table(): string {
  const rows = Map.groupBy(Object.keys(LAYERS), (folder) => LAYERS[folder]!.join(', ') || 'nothing');
  return [
    '| folder | may import |',
    '| --- | --- |',
    ...[...rows].map(([targets, folders]) => `| ${folders.join(', ')} | ${targets} |`),
  ].join('\n');
}

if (import.meta.main) writeFileSync(PAGE, withLayers(readFileSync(PAGE, 'utf8')));
