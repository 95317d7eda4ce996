import type { Message } from '../../src/message/message.ts';

/** A method as the matrix asks for it. */
export interface MatrixMethod {
  /** Unlike the names of all others. */
  readonly name: string;
  readonly method: string;
  /** REQToFileAppend unless told. */
  readonly replyMethod?: string;
  /** What is asked for; `place` is one of its own for each cell. */
  ask(place: { cell: string; folder: string; url: string }): Partial<Message>;
  /** What the reply of this program holds; undefined for a method without a reply. */
  readonly replies?: RegExp;
  /** How it may end; succeeded or handed over unless told. */
  readonly ends?: RegExp;
  /** Whether the request's data lies in the file of the cell afterwards. */
  readonly writes?: boolean;
  /** Whether it goes from node to node alone, never by way of a third. */
  readonly isDirect?: boolean;
}

const data = (cell: string) => ({ data: [Buffer.from(`æ ${cell}\n`)] });

const ROWS: readonly (Omit<MatrixMethod, 'method'> & { readonly method?: string })[] = [
  { name: 'REQCliCommand', ask: ({ cell }) => ({ methodArgs: ['echo', `æ ${cell}`] }), replies: /^æ / },
  {
    name: 'REQCliCommandCont',
    ask: ({ cell }) => ({ methodArgs: ['echo', `æ ${cell}`], methodTimeout: 2 }),
    replies: /^æ /,
  },
  {
    name: 'REQTailFile',
    ask: ({ folder }) => ({ methodArgs: [`${folder}/growing`], methodTimeout: 3 }),
    replies: /^line\n/,
  },
  { name: 'REQHttpGet', ask: ({ url }) => ({ methodArgs: [url] }), replies: /^page\n$/ },
  { name: 'REQOpProcessList', ask: () => ({}), replies: /process: / },
  {
    name: 'REQOpProcessStart',
    ask: () => ({ methodArgs: ['REQHttpGet'] }),
    // It is started once.
    ends: /^(succeeded|handed-over|failed)$/,
    replies: /REQHttpGet/,
  },
  { name: 'REQToFile', ask: ({ cell }) => data(cell), writes: true },
  { name: 'REQToFileAppend', ask: ({ cell }) => data(cell), writes: true },
  { name: 'REQToConsole', ask: ({ cell }) => data(cell) },
  { name: 'REQToSocket', ask: ({ cell, folder }) => ({ ...data(cell), methodArgs: [`${folder}/socket`] }) },
  { name: 'REQNone', ask: ({ cell }) => data(cell) },
  { name: 'REQPing', ask: () => ({ replyMethod: 'REQPong' }) },
  { name: 'REQPong', ask: () => ({ previousMessage: null }), isDirect: true },
  {
    name: 'REQCopyFileTo',
    ask: ({ cell, folder }) => ({ ...data(cell), methodArgs: ['source', 'there', `${folder}/${cell}`] }),
    replies: /wrote the file/,
  },
  {
    name: 'REQCopyFileFrom',
    ask: ({ cell, folder }) => ({ methodArgs: [`${folder}/growing`, 'origtaker', `/${cell}`] }),
    replies: /read the file/,
    isDirect: true,
  },
  {
    name: 'REQOpProcessStop',
    ask: () => ({ methodArgs: ['REQHello', 'node', 'subscriber', '199'] }),
    // The README's four arguments; there is no such node.
    ends: /^(succeeded|handed-over|failed)$/,
    replies: /OpProcessStop/,
  },
  {
    name: 'bytes',
    method: 'REQCliCommand',
    ask: () => ({ methodArgs: ['printf', '\\377a\\376'] }),
    replies: /^\ufffda\ufffd$/,
  },
  { name: 'nothing', method: 'REQCliCommand', ask: () => ({ methodArgs: ['true'] }), replies: /^$/ },
  {
    name: 'fails',
    method: 'REQCliCommand',
    ask: () => ({ methodArgs: ['sh', '-c', 'echo out; echo err >&2; exit 3'] }),
    ends: /^(failed|handed-over|succeeded)$/,
    replies: /^out\n$/,
  },
  ...['REQToFile', 'REQToConsole'].map((replyMethod) => ({
    ...{ name: `to-${replyMethod}`, method: 'REQCliCommand', replyMethod },
    ask: ({ cell }: { cell: string }) => ({ methodArgs: ['echo', `æ ${cell}`] }),
    replies: /^æ /,
  })),
  {
    ...{ name: 'to-REQNone', method: 'REQCliCommand', replyMethod: 'REQNone' },
    ask: () => ({ methodArgs: ['echo', 'nobody'] }),
  },
];

/** Every method that one node asks another for, and what may become of its reply. */
export const MATRIX_METHODS: readonly MatrixMethod[] = ROWS.map((row) => ({ method: row.name, ...row }));
