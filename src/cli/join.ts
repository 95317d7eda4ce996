import { defineCommand, type ParsedCall } from './command.ts';
import { UsageError } from './usage-error.ts';

const OPTIONS = {
  name: { type: 'string', value: 'NODE', summary: "this node's name; default the token's, or the host name" },
  folder: {
    type: 'string',
    value: 'DIR',
    summary: 'where its files are; default ./steward',
    completes: 'folder',
  },
  timeout: { type: 'string', value: 'SPAN', summary: 'how long to wait for the central node; default 1m' },
  again: { type: 'boolean', summary: 'join anew with a folder that has joined before; its key stays' },
  'no-start': { type: 'boolean', summary: 'join, and do not run the node' },
} as const;

type Call = ParsedCall<typeof OPTIONS>;

/** Makes this machine a node of a fleet, and runs it. */
export const joinCommand = defineCommand({
  usage: ['join ADDRESS TOKEN [--name NODE] [--folder DIR] [-- NODE-FLAG...]', 'join [--folder DIR]'],
  about: [
    'Makes a key for this machine, has the central node let it in, writes its configuration and runs it.',
    'Address and token are in the line that steward up or steward invite prints on the central node; - for',
    'TOKEN reads it from standard input. The private key never leaves this machine. Where it has joined',
    'already, the node is just run; a join that was cut off is repeated with the same line.',
  ],
  options: OPTIONS,
  operands: ['none', 'none'],
  examples: [
    { line: 'steward join 10.0.0.5:4222 JAbc...', does: 'join, and run the node until Ctrl-C' },
    {
      line: 'steward join 10.0.0.5 JAbc... --name ship1 -- -labels=type=ship',
      does: 'with a name, and flags of the node',
    },
    { line: 'steward join', does: 'run it again' },
  ],
  run: async (call) => {
    const { nodeFolder } = await import('./node-folder.ts');
    const { readJoined } = await import('./join-steps.ts');
    const folder = nodeFolder(call.options.folder);
    const [address, token, ...more] = call.operands;
    if (more.length > 0)
      throw new UsageError(`join takes an address and a token: ${JSON.stringify(more[0])} is one too many`);
    const joined = await readJoined(folder);
    if (address !== undefined && token !== undefined) await join(call, { folder, address, token });
    else if (address !== undefined)
      throw new UsageError(
        'join needs a token behind the address: steward invite on the central node prints the line',
      );
    else if (joined === undefined)
      throw new UsageError(
        `${folder} has joined no fleet yet: give the line that steward invite prints on the central node`,
      );
    if (call.options['no-start'] === true) return 0;
    const { runStarted } = await import('./run.ts');
    return runStarted({ ...call, args: [`-configFolder=${folder}/etc`, ...(call.rest ?? [])] });
  },
});

async function join(
  call: Call,
  { folder, address, token: text }: { folder: string; address: string; token: string },
): Promise<void> {
  const { decodeToken } = await import('../security/token.ts');
  const { isJoinedBy, joinFleet } = await import('./join-steps.ts');
  const { durationOption } = await import('./format/duration.ts');
  const { text: readAll } = await import('node:stream/consumers');
  const token = decodeToken(text === '-' ? (await readAll(call.stdin)).trim() : text);
  const { options, rest = [] } = call;
  if (!options.again && (await isJoinedBy(folder, token, options.name))) return;
  await joinFleet(call, {
    ...{ folder, address, token, name: options.name, flags: rest },
    timeoutMs: durationOption('timeout', options.timeout ?? '1m'),
  });
}
