import { toJson } from '../../lib/visible.ts';
import { defineCommand, type ParsedCall, UsageError } from '../line/command.ts';

const OPTIONS = {
  name: { value: 'NODE', summary: 'the node that it is for; default any' },
  ttl: { value: 'SPAN', summary: 'how long it is good for; default 1h' },
  count: { value: 'N', summary: 'how many tokens; default 1' },
  replace: { summary: 'give the name of a node that has joined to another machine' },
  address: { value: 'HOST[:PORT]', summary: 'the address in the line that is printed' },
  list: { summary: 'show who has joined and which tokens are open, and make none' },
  withdraw: { summary: 'have all tokens that are open let nobody in, or with --name those for that node' },
  folder: { value: 'DIR', summary: "the central node's; default ./steward or .", completes: 'folder' },
  json: { summary: 'print one JSON value' },
} as const;

type Call = ParsedCall<typeof OPTIONS>;

const MAX_TTL_S = 30 * 86_400;

/** Makes tokens with which machines join the fleet of a central node that runs. */
export const inviteCommand = defineCommand({
  usage: [
    'invite [--name NODE] [--ttl SPAN] [--count N]',
    'invite --name NODE --replace',
    'invite --list',
    'invite --withdraw [--name NODE]',
  ],
  about: [
    'Prints a line for each machine that is to join the fleet of the central node here, which steward up',
    'has started. A token lets in one machine, until its time is over. Any machine may use it: hand it over',
    'as you would a password. With --name it is good for that node alone.',
  ],
  options: OPTIONS,
  noOperands: 'the node is named by --name',
  examples: [
    { line: 'steward invite --name ship1', does: 'a line that lets a machine join as ship1, within an hour' },
    {
      line: 'steward invite --count 20 --ttl 2d',
      does: 'twenty lines, for machines that take the names they choose',
    },
    {
      line: 'steward invite --name ship1 --replace',
      does: 'for a new machine in the place of the ship1 that was',
    },
    {
      line: 'steward invite --withdraw',
      does: 'a token got into wrong hands: none that is open lets anybody in',
    },
  ],
  run: async (call) => {
    if (call.options.replace === true && call.options.name === undefined)
      throw new UsageError('--replace needs --name: the node whose name is given away');
    const { findNodeFolder } = await import('./node-folder.ts');
    const folder = await findNodeFolder(call.options.folder);
    if (call.options.withdraw === true) return withdraw(call, folder);
    return call.options.list === true ? list(call, folder) : invite(call, folder);
  },
});

async function invite(call: Call, folder: string): Promise<number> {
  const { options, stdout } = call;
  const { orderAdmission } = await import('./admission-client.ts');
  const { durationOption, wholeNumberOption } = await import('../line/option-values.ts');
  const { inviteLine } = await import('./invite-line.ts');
  const ttlSeconds = Math.ceil(durationOption('ttl', options.ttl ?? '1h') / 1000);
  if (ttlSeconds < 1 || ttlSeconds > MAX_TTL_S)
    throw new UsageError(`--ttl ${options.ttl} is not between one second and 30 days`);
  const count = wholeNumberOption('count', options.count, 1000) ?? 1;
  if (count > 1 && options.name !== undefined)
    throw new UsageError('--count goes without --name: one name is for one machine');
  const address = await addressOf(folder, options.address);
  const order = {
    do: 'invite',
    name: options.name ?? '',
    ttlSeconds,
    isReplacing: options.replace === true,
  } as const;
  const made: { line: string; token: string; expiresAt: string }[] = [];
  for (let left = count; left > 0; left--) {
    const { token, expiresAt } = await orderAdmission(folder, order);
    made.push({ line: inviteLine(address, token), token, expiresAt: new Date(expiresAt).toISOString() });
    if (options.json !== true) stdout.write(`${made.at(-1)!.line}\n`);
  }
  if (options.json === true) stdout.write(`${toJson(made)}\n`);
  return 0;
}

async function withdraw({ options, stdout }: Call, folder: string): Promise<number> {
  const { orderAdmission } = await import('./admission-client.ts');
  const { countWords } = await import('../../lib/time-words.ts');
  const { withdrawn } = await orderAdmission(folder, { do: 'withdraw', name: options.name ?? '' });
  const text = `${countWords(withdrawn, 'token')} withdrawn: nobody joins with ${withdrawn === 1 ? 'it' : 'them'} any more.`;
  stdout.write(options.json === true ? `${toJson({ withdrawn })}\n` : `${text}\n`);
  return 0;
}

async function list({ options, stdout, env }: Call, folder: string): Promise<number> {
  const { orderAdmission } = await import('./admission-client.ts');
  const { nodes, tokens } = await orderAdmission(folder, { do: 'list' });
  if (options.json === true) {
    stdout.write(`${toJson({ nodes, tokens })}\n`);
    return 0;
  }
  const { formatTable } = await import('../print/table.ts');
  const { exactClockWords } = await import('../../lib/time-words.ts');
  const { terminalOf } = await import('../line/terminal.ts');
  const terminal = terminalOf(stdout, { env, options });
  const rows = [
    ...nodes.map(({ name, key, since }) => [name, `joined ${exactClockWords(since)}`, key]),
    ...tokens.map(({ name, expiresAt }) => [
      name || '(any)',
      `token until ${exactClockWords(expiresAt)}`,
      '',
    ]),
  ];
  const columns = [{ title: 'node' }, { title: 'state' }, { title: 'key', canShrink: true }];
  stdout.write(
    rows.length === 0 ? 'Nobody has joined, and no token is open.\n' : formatTable(columns, rows, terminal),
  );
  return 0;
}

/** The address that is told, that was told to `steward up`, or this machine's. */
async function addressOf(folder: string, told: string | undefined): Promise<string> {
  const { readConfig } = await import('../../config/load-config.ts');
  const { join } = await import('node:path');
  const { joinAddress } = await import('./up-settings.ts');
  const { keptAddress } = await import('./up-steps.ts');
  const { config } = await readConfig({ args: [`-configFolder=${join(folder, 'etc')}`], env: {} });
  const address = config.embeddedBroker?.address;
  if (address === undefined || config.embeddedBroker?.admissionFolder === '')
    throw new UsageError(
      `${folder} is no central node with a broker of its own: tokens are for one that steward up has started without --broker`,
    );
  return joinAddress(address, told ?? (await keptAddress(folder)));
}
