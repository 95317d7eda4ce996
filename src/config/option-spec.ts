/** The largest number of seconds that still fits a timer (2^31 - 1 ms, a little under 25 days). */
export const MAX_TIMER_SECONDS = 2_147_483;

export type OptionValue = string | number | boolean;

/** The headings under which `--help` and a new config.toml list the options. */
export const OPTION_GROUPS = {
  node: 'The node',
  broker: 'The broker',
  messages: 'Messages',
  listeners: 'Listeners and folders',
  requests: 'Requests that this node takes',
  keeping: 'Limits, and what is kept',
  trust: 'Who may ask for what',
  unused: 'Accepted for existing files and scripts, without effect',
} as const;

type Group = keyof typeof OPTION_GROUPS;

/** One row of the table: what a setting is, without its names. */
export interface OptionSpec {
  readonly type: 'string' | 'int' | 'bool';
  readonly default: OptionValue;
  readonly group: Group;
  readonly summary: string;
  readonly unit?: 's' | 'ms' | 'KB' | 'MB' | 'days';
  readonly min?: number;
  readonly max?: number;
  /** Whether "" is refused (for strings). */
  readonly required?: boolean;
  /** Whether the default turns true where the node is the central one. */
  readonly onCentral?: boolean;
  /** Whether the value is kept out of messages. */
  readonly isSecret?: boolean;
  /** False for what says where the file is: it would only repeat, or contradict, its own place. */
  readonly inFile?: boolean;
  /** Whether config.toml gets it only where somebody gives it: its absence means that nobody has decided. */
  readonly onlyGiven?: boolean;
}

type Row = Omit<OptionSpec, 'group'>;
type More = Partial<Omit<Row, 'type' | 'default' | 'summary'>>;

/** Makes rows of one kind, each with its default, a sentence, and what is true of it alone. */
export function rowsOf<T extends Row['type']>(base: More & { readonly type: T }) {
  return (value: OptionValue, summary: string, more: More = {}): Row & { readonly type: T } => ({
    ...base,
    ...{ default: value, summary },
    ...more,
  });
}

/** Settings that stand under one heading. */
export function inGroup<const S extends Readonly<Record<string, Row>>>(
  group: Group,
  specs: S,
): { readonly [K in keyof S]: Omit<S[K], 'group'> & { readonly group: Group } } {
  const entries = Object.entries(specs).map(([key, spec]) => [key, { ...spec, group }]);
  return Object.fromEntries(entries);
}
