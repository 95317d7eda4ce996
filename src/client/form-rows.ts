import type { ArgumentDescription, MethodDescription } from '../contract/nodes.ts';

/** One row of the form. `field` is the place in the message that it fills, or `targets`, `method`, `send`. */
export interface FormRow {
  readonly field: string;
  readonly label: string;
  /** What stands in the field's place while it is empty. */
  readonly placeholder: string;
  /** What the field is for, in a sentence. */
  readonly summary: string;
  readonly isRequired: boolean;
  readonly type:
    | 'targets'
    | 'method'
    | 'text'
    | 'words'
    | 'seconds'
    | 'count'
    | 'choice'
    | 'schedule'
    | 'send';
  readonly choices: readonly string[];
}

type RowParts = Pick<FormRow, 'field' | 'label' | 'summary'> & Partial<FormRow>;

const GENERAL: readonly FormRow[] = [
  row({
    field: 'output',
    label: 'output',
    type: 'choice',
    choices: ['live', 'end', 'none'],
    placeholder: '(end)',
    summary: 'When the output is sent: live while it runs, at its end, or not at all',
  }),
  row({
    field: 'replyMethod',
    label: 'replyMethod',
    type: 'choice',
    placeholder: '(REQToFileAppend)',
    summary: 'What this node does with the result; REQNone for nothing',
  }),
  row({
    field: 'directory',
    label: 'directory',
    summary: 'Folder for the result, below the data folder of this node',
  }),
  row({
    field: 'fileName',
    label: 'fileName',
    summary: 'File for the result; without it the file is named after the method',
  }),
  row({
    field: 'methodTimeout',
    label: 'methodTimeout',
    type: 'seconds',
    summary: 'Seconds that the method may take, or a span such as 5m; -1 is without limit',
  }),
  row({
    field: 'expiresIn',
    label: 'expiresIn',
    type: 'seconds',
    summary: 'Seconds, or a span such as 2h, after which it must not begin any more, wherever it is',
  }),
  row({
    field: 'ACKTimeout',
    label: 'ACKTimeout',
    type: 'seconds',
    summary: 'Seconds to wait for an answer before the next attempt',
  }),
  row({
    field: 'retries',
    label: 'retries',
    type: 'count',
    summary: 'With ACKTimeout: how long to try; without it, until messageTTL is over',
  }),
  row({
    field: 'schedule',
    label: 'schedule',
    type: 'schedule',
    placeholder: '(once)',
    summary: 'Run again and again: every,total seconds as 60,3600, or a cron line as 30 2 * * *',
  }),
];

const TARGETS = row({
  field: 'targets',
  label: 'to',
  type: 'targets',
  placeholder: 'e.g. ship1, ship*, @group, site=oslo',
  summary: 'Names, patterns, @groups and label expressions, with spaces or commas between them',
  isRequired: true,
});

const SEND = row({ field: 'send', label: 'Send', type: 'send', summary: 'Sends the message as it is shown' });

/** The rows of a form for this method, from top to bottom. `isFilled` says which fields hold something. */
export function formRows(
  method: MethodDescription | undefined,
  methods: readonly MethodDescription[],
  isFilled: (field: string) => boolean,
): readonly FormRow[] {
  const args = (method?.args ?? []).map(argumentRow);
  const own = new Set(args.map(({ field }) => field));
  const methodRow = row({
    field: 'method',
    label: 'method',
    type: 'method',
    summary: method?.summary ?? 'What the nodes shall do: press enter to choose',
    placeholder: 'enter: choose',
    isRequired: true,
    choices: methods.filter(({ isForPeople }) => isForPeople).map(({ name }) => name),
  });
  const replies = methods.map(({ name }) => name);
  return [
    TARGETS,
    methodRow,
    ...args,
    ...moreArguments(args, isFilled),
    ...GENERAL.filter(({ field }) => !own.has(field)).map((general) =>
      general.field === 'replyMethod' ? { ...general, choices: replies } : general,
    ),
    SEND,
  ];
}

/** Which place of methodArgs a field is: `methodArgs[1...]` takes all from the second on. */
export function argumentPlace(field: string): { index: number; isRest: boolean } | undefined {
  const [, index, dots] = /^methodArgs\[(\d+)(\.\.\.)?\]$/.exec(field) ?? [];
  return index === undefined ? undefined : { index: Number(index), isRest: dots !== undefined };
}

/** A row for arguments that the method's description does not know, where a template has some. */
function moreArguments(args: readonly FormRow[], isFilled: (field: string) => boolean): FormRow[] {
  const places = args.map(({ field }) => argumentPlace(field)).filter((place) => place !== undefined);
  if (places.some(({ isRest }) => isRest)) return [];
  const field = restField(places.length);
  return isFilled(field)
    ? [row({ field, label: 'more arguments', type: 'words', summary: 'Arguments after those' })]
    : [];
}

/** The field of all arguments from a place on. */
export function restField(index: number): string {
  return `methodArgs[${index}...]`;
}

const TYPES: Readonly<Record<string, FormRow['type']>> = {
  methodTimeout: 'seconds',
  expiresIn: 'seconds',
  ACKTimeout: 'seconds',
  replyACKTimeout: 'seconds',
  replyMethodTimeout: 'seconds',
  retries: 'count',
  replyRetries: 'count',
  schedule: 'schedule',
  replyMethod: 'choice',
  replyMethodArgs: 'words',
};

function argumentRow({ field, name, summary, isRequired, example }: ArgumentDescription): FormRow {
  const place = argumentPlace(field);
  const type = place?.isRest || field === 'methodArgs' ? 'words' : (TYPES[field] ?? 'text');
  return row({
    field,
    label: name,
    summary,
    isRequired,
    type,
    placeholder: example === '' ? '' : `e.g. ${example}`,
  });
}

function row(parts: RowParts): FormRow {
  return { placeholder: '', isRequired: false, type: 'text', choices: [], ...parts };
}
