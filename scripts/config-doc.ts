import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OPTION_GROUPS } from '../src/config/option-spec.ts';
import { OPTIONS, type Option } from '../src/config/options.ts';

/**
 * Writes the tables of doc/configuration.md anew from the options of the program. What stands before and behind the
 * two marks in that file is written by hand and kept. The formatter then gives the tables their widths.
 */

const PAGE = join(import.meta.dirname, '..', 'doc', 'configuration.md');
const BEGIN = '<!-- options: written by scripts/config-doc.ts -->';
const END = '<!-- end of options -->';

/** The page with its tables as they should be. */
export function withOptionTables(page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`doc/configuration.md lacks the lines ${BEGIN} and ${END}`);
  return `${page.slice(0, begin)}${BEGIN}\n\n${optionTables()}\n${page.slice(end)}`;
}

function optionTables(): string {
  return Object.entries(OPTION_GROUPS)
    .map(([group, title]) => {
      const rows = OPTIONS.filter((option) => option.group === group).map(row);
      return [
        `### ${title}\n`,
        '| flag | environment | config.toml | default | meaning |',
        '| --- | --- | --- | --- | --- |',
        ...rows,
        '',
      ].join('\n');
    })
    .join('\n');
}

function row(option: Option): string {
  const key = option.inFile === false ? '-' : `\`${option.key}\``;
  const unit = option.unit === undefined ? '' : ` (${option.unit})`;
  const cells = [
    `\`-${option.flag}\``,
    `\`${option.env}\``,
    key,
    defaultText(option),
    `${option.summary}${unit}${rangeText(option)}`,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function defaultText(option: Option): string {
  if (option.onCentral) return `\`${option.default}\`; \`true\` on the central node`;
  if (option.default !== '') return `\`${option.default}\``;
  return option.required ? 'required' : 'empty';
}

function rangeText({ type, min, max }: Option): string {
  return type === 'int' && min !== undefined && max !== undefined ? `; ${min} to ${max}` : '';
}

if (import.meta.main) {
  writeFileSync(PAGE, withOptionTables(readFileSync(PAGE, 'utf8')));
}
