import { OPTION_GROUPS, type OptionValue } from './option-spec.ts';
import type { Option } from './options.ts';
import { findStatements } from './toml-statements.ts';

/** A value that config.toml is to hold. */
export interface TomlSetting {
  readonly option: Option;
  readonly value: OptionValue;
}

const INTRODUCTION = `# Settings of this steward node, read at its start.
# A value that is given as a flag is also written here, and is then the default of the next start.
`;

/**
 * Sets keys in a TOML text: a key that is there gets the new value in its place, another is added after the
 * last top-level one. Comments, order and everything else stay as they are.
 */
export function editToml(text: string, settings: readonly TomlSetting[]): string {
  if (settings.length === 0) return text;
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const { statements, end } = findStatements(text);
  const found = new Map(statements.map((statement) => [statement.key.toLowerCase(), statement]));
  const edits: { start: number; end: number; text: string }[] = [];
  const missing: TomlSetting[] = [];
  for (const setting of settings) {
    const statement = found.get(setting.option.key.toLowerCase());
    if (statement === undefined) missing.push(setting);
    else
      edits.push({ start: statement.valueStart, end: statement.valueEnd, text: tomlLiteral(setting.value) });
  }
  if (missing.length > 0) edits.push({ start: end, end, text: additions(text, end, missing, newline) });
  edits.sort((a, b) => b.start - a.start);
  return edits.reduce(
    (edited, edit) => edited.slice(0, edit.start) + edit.text + edited.slice(edit.end),
    text,
  );
}

/** A value as TOML writes it. */
export function tomlLiteral(value: OptionValue): string {
  if (typeof value !== 'string') return String(value);
  // JSON's escapes are TOML's, but for DEL, which TOML wants escaped too.
  return JSON.stringify(value).replaceAll('\u007f', '\\u007f');
}

function additions(text: string, at: number, missing: readonly TomlSetting[], newline: string): string {
  const lines = at > 0 && text[at - 1] !== '\n' ? [''] : [];
  if (text.trim() === '') lines.push(...INTRODUCTION.split('\n').slice(0, -1));
  let group: string | undefined;
  for (const { option, value } of missing) {
    if (option.group !== group) {
      group = option.group;
      lines.push('', `# --- ${OPTION_GROUPS[option.group]} ---`);
    }
    lines.push(`# ${option.summary}${option.unit === undefined ? '' : ` (${option.unit})`}`);
    lines.push(`${option.key} = ${tomlLiteral(value)}`);
  }
  if (at < text.length) lines.push('');
  return lines.join(newline) + newline;
}
