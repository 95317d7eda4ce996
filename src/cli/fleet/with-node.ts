import type { ApiClient } from '../../client/api-client.ts';
import { connectToNode } from '../../client/find-node.ts';
import type { StewardApi } from '../../client/steward-api.ts';
import { toJson } from '../../lib/visible.ts';
import {
  type CommandOptions,
  type CommandSpec,
  defineCommand,
  EXIT,
  type ParsedCall,
  UsageError,
} from '../line/command.ts';

/** Options of every command that speaks to a running node. */
export const NODE_OPTIONS = {
  socket: {
    value: 'PATH',
    summary: "the node's stew.sock; else STEWARD_SOCKET, or found",
    completes: 'file',
  },
  folder: {
    value: 'DIR',
    summary: "the node's folder; else ./etc, ./steward and the folders above are searched",
    completes: 'folder',
  },
  api: { value: 'URL', summary: "the address of a node's -apiListener" },
  'token-file': { value: 'FILE', summary: 'file with the token that it wants', completes: 'file' },
} as const satisfies CommandOptions;

/** Options of every command that prints things which programs may want to read. */
export const FORM_OPTIONS = {
  json: { summary: 'print one JSON value' },
  jsonl: { summary: 'print JSON, one line for each thing' },
} as const satisfies CommandOptions;

/** What a command that speaks to a running node, and prints what programs may want to read, is called with. */
export interface NodeCall<O extends CommandOptions = CommandOptions> extends ParsedCall<O> {
  readonly form: Form;
  /** The node that the options name; connects when it is called first. Throws ApiError. */
  api(): Promise<StewardApi>;
  /** Prints a list in the form that was asked for, for people as `text` writes it. */
  print(things: readonly unknown[], text: () => string): undefined;
}

interface NodeCommandSpec<O extends CommandOptions> extends Omit<CommandSpec<O>, 'run'> {
  /** The mistake of calling it without an operand; undefined where it needs none. */
  readonly needs?: string;
  /** Returns the exit code of the process; undefined is 0. */
  run(call: NodeCall<O>): Promise<number | undefined>;
}

/** A command that speaks to a running node: with the options that say which, and in which form it prints. */
export function defineNodeCommand<const O extends CommandOptions>({
  needs,
  run,
  ...spec
}: NodeCommandSpec<O>): CommandSpec {
  return defineCommand({
    ...{ ...spec, options: { ...spec.options, ...FORM_OPTIONS, ...NODE_OPTIONS } },
    run: async (call) => {
      const form = formOf(call.options);
      if (needs !== undefined && call.operands.length === 0) throw new UsageError(needs);
      await using open = new AsyncDisposableStack();
      let client: Promise<StewardApi> | undefined;
      const api = () => (client ??= connect(call).then((one) => open.use(one)));
      const print = (things: readonly unknown[], text: () => string) =>
        void call.stdout.write(listText(things, form, text));
      return (await run({ ...call, form, api, print } as unknown as NodeCall<O>)) ?? EXIT.ok;
    },
  });
}

/** Does something with the node that a command's options name, and ends the connection. Throws ApiError. */
export async function withNode<T>(
  call: Pick<ParsedCall, 'env'> & { readonly options: object },
  work: (api: ApiClient) => Promise<T>,
): Promise<T> {
  await using client = await connect(call);
  return await work(client);
}

async function connect({ options, env }: Pick<ParsedCall, 'env'> & { readonly options: object }) {
  const { 'token-file': tokenFile, ...location } = options as Readonly<Record<string, string | undefined>>;
  return await connectToNode({ ...location, tokenFile }, env);
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
