import { connectToNode } from '../../client/find-node.ts';
import type { StewardApi } from '../../client/steward-api.ts';
import { toJson } from '../../lib/visible.ts';
import type { CommandOptions, ParsedCall } from '../line/command.ts';
import { UsageError } from '../line/usage-error.ts';

/** Options of every command that speaks to a running node. */
export const NODE_OPTIONS = {
  socket: {
    type: 'string',
    value: 'PATH',
    summary: "the node's stew.sock; else STEWARD_SOCKET, or found",
    completes: 'file',
  },
  folder: {
    type: 'string',
    value: 'DIR',
    summary: "the node's folder; else ./etc, ./steward and the folders above are searched",
    completes: 'folder',
  },
  api: { type: 'string', value: 'URL', summary: "the address of a node's -apiListener" },
  'token-file': {
    type: 'string',
    value: 'FILE',
    summary: 'file with the token that it wants',
    completes: 'file',
  },
} as const satisfies CommandOptions;

/** Options of every command that prints things which programs may want to read. */
export const FORM_OPTIONS = {
  json: { type: 'boolean', summary: 'print one JSON value' },
  jsonl: { type: 'boolean', summary: 'print JSON, one line for each thing' },
} as const satisfies CommandOptions;

type NodeCall = Pick<ParsedCall, 'env'> & {
  readonly options: object;
};

/** Does something with the node that a command's options name, and ends the connection. Throws ApiError. */
export async function withNode<T>(
  { options, env }: NodeCall,
  work: (api: StewardApi) => Promise<T>,
): Promise<T> {
  const {
    socket,
    api,
    folder,
    'token-file': tokenFile,
  } = options as Readonly<Record<string, string | undefined>>;
  const location = {
    ...(socket === undefined ? {} : { socket }),
    ...(api === undefined ? {} : { api }),
    ...(folder === undefined ? {} : { folder }),
    ...(tokenFile === undefined ? {} : { tokenFile }),
  };
  await using client = await connectToNode(location, env);
  return await work(client);
}

export type Form = 'text' | 'json' | 'jsonl';

/** In which form a command is to print. Throws UsageError where both are asked for. */
export function formOf({ json, jsonl }: { readonly json?: unknown; readonly jsonl?: unknown }): Form {
  if (json === true && jsonl === true)
    throw new UsageError('--json and --jsonl exclude each other: give one of them');
  if (json === true) return 'json';
  return jsonl === true ? 'jsonl' : 'text';
}

/** A list in the form that was asked for: the text, one JSON value, or a line of JSON for each thing. */
export function listText(things: readonly unknown[], form: Form, text: () => string): string {
  if (form === 'text') return text();
  if (form === 'json') return `${toJson(things, 2)}\n`;
  return things.map((thing) => `${toJson(thing)}\n`).join('');
}
