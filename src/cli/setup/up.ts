import { defineCommand, type ParsedCall, UsageError } from '../line/command.ts';
import type { UpSettings } from './up-settings.ts';

const OPTIONS = {
  name: { value: 'NAME', summary: 'name of this, the central node; default central' },
  listen: { value: 'HOST:PORT', summary: 'where its broker listens; default 0.0.0.0:4222' },
  address: {
    value: 'HOST[:PORT]',
    summary: 'how other machines reach it, where that is not an address of this one',
  },
  broker: { value: 'URL', summary: 'use this NATS server, and no broker of its own' },
  folder: { value: 'DIR', summary: 'where its files are; default ./steward', completes: 'folder' },
  relay: {
    multiple: true,
    value: 'FROM:VIA:TO',
    summary: 'lets a node send to another through a third; all of them, in place of those before',
  },
  ttl: { value: 'SPAN', summary: 'how long the token is good for; default 1h' },
  'no-invite': { summary: 'make no token' },
} as const;

type Call = ParsedCall<typeof OPTIONS>;

/** Starts a central node with a broker of its own, and says how others join. */
export const upCommand = defineCommand({
  usage: ['up [--listen HOST:PORT] [--address HOST] [--folder DIR] [-- NODE-FLAG...]'],
  about: [
    'Runs the central node of a fleet, with the broker that all of its nodes connect to. The first start',
    'makes keys, a certificate and a configuration; every start prints a line that lets one more machine',
    'join, once and for an hour. Flags behind -- are those of a node (steward help), and are kept.',
    '',
    'With --broker it uses a nats-server, which decides itself who may connect: steward broker-config writes',
    'its configuration.',
  ],
  options: OPTIONS,
  noOperands: 'flags of the node go behind --',
  examples: [
    { line: 'steward up', does: 'central, with its files in ./steward and its broker on port 4222' },
    {
      line: 'steward up --address fleet.example.org --folder /srv/steward',
      does: 'for machines that come by that name',
    },
    {
      line: 'steward up --broker tls://nats.example.org:4222',
      does: 'with a nats-server that is there already',
    },
  ],
  run: async (call) => {
    const { options } = call;
    if (
      options.broker !== undefined &&
      (options.listen ?? options.address ?? options.relay?.[0]) !== undefined
    )
      throw new UsageError(
        '--broker goes without --listen, --address and --relay: those are for a broker of its own',
      );
    const { nodeFolder } = await import('./node-folder.ts');
    const { upSettings } = await import('./up-settings.ts');
    const folder = nodeFolder(options.folder);
    const { name, listen, broker } = options;
    const settings = await upSettings({ folder, name, listen, broker });
    return start(call, folder, settings);
  },
});

async function start(call: Call, folder: string, settings: UpSettings): Promise<number> {
  const { makeUpFiles, tellOfOwnBroker, tellOfOtherBroker } = await import('./up-steps.ts');
  const { parseRelay } = await import('../../security/fleet-users.ts');
  const { durationOption } = await import('../line/option-values.ts');
  const { options, rest = [] } = call;
  const ttlMs = durationOption('ttl', options.ttl ?? '1h');
  const relays = options.relay?.map(parseRelay);
  const publicKey = await makeUpFiles(folder, settings, options.address);
  const { runStarted } = await import('../program/run.ts');
  const args = [...settings.flags, ...(relays === undefined ? [] : ['-startSubREQRelay']), ...rest];
  const tell = async () => {
    if (settings.address === undefined) return tellOfOtherBroker(call, { folder, settings, publicKey });
    const isInviting = options['no-invite'] !== true;
    await tellOfOwnBroker(call, { folder, settings, relays, ...(isInviting && { ttlMs }) });
  };
  return runStarted({ ...call, args }, tell).catch((error: Error) => {
    // The option of `up` for what the node calls otherwise.
    throw error.message.endsWith('choose another -embeddedBroker')
      ? new UsageError(
          error.message.replace(/choose another -embeddedBroker$/, 'choose another with --listen HOST:PORT'),
        )
      : error;
  });
}
