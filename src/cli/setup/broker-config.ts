import type { NatsConfigOptions } from '../../security/nats-config.ts';
import { defineCommand, type ParsedCall, UsageError } from '../line/command.ts';

const OPTIONS = {
  central: { value: 'NAME', summary: 'the central node; default central' },
  node: { multiple: true, value: 'NAME=KEY', summary: 'a node and its public key' },
  'nodes-file': { value: 'FILE', summary: 'a file with such lines', completes: 'file' },
  relay: { multiple: true, value: 'FROM:VIA:TO', summary: 'lets a node send to another through a third' },
  trust: {
    value: 'MODE',
    summary: 'open, or closed: nodes prove who they are and ask the central node for nothing; default open',
  },
  original: {
    multiple: true,
    value: 'NODE',
    summary: 'a node that cannot prove who it is, in a closed fleet',
  },
  'reply-commands': { summary: 'replies may be commands for the central node, which has -replyCommands' },
  'original-nodes': { summary: 'nodes of the original program take part' },
  host: { value: 'HOST', summary: 'the address to listen at; default every one' },
  port: { value: 'PORT', summary: 'the port to listen at; default 4222' },
  'tls-cert': { value: 'FILE', summary: "the broker's certificate", completes: 'file' },
  'tls-key': { value: 'FILE', summary: 'the key of that certificate', completes: 'file' },
  'tls-ca': { value: 'FILE', summary: "clients' certificates must come from it", completes: 'file' },
  out: { value: 'FILE', summary: 'where to write it; default standard output', completes: 'file' },
  force: { summary: 'replace a file that was not made by this command' },
} as const;

type Call = ParsedCall<typeof OPTIONS>;

/** Writes a nats-server configuration in which each node may do what it needs, and no more. */
export const brokerConfigCommand = defineCommand({
  usage: ['broker-config [--central NAME] --node NAME=KEY... [--relay FROM:VIA:TO]... [--out FILE]'],
  about: [
    'Writes a configuration for nats-server in which each node, the central one too, signs in with its nkey',
    'and gets only the permissions that it needs: nodes talk with the central node, and with one another',
    'only where --relay says so. KEY is what steward keys make prints, or the line of an ssh-ed25519',
    '.pub file. A nodes file has NAME=KEY or NAME KEY in each line, and comments behind #.',
    '',
    'Where nats-server is installed the result is checked by nats-server -t before it is written.',
  ],
  options: OPTIONS,
  noOperands: 'nodes are given by --node NAME=KEY',
  examples: [
    {
      line: 'steward broker-config --node central=UAB... --node ship1=UCD... --out /etc/nats-server.conf',
      does: 'a fleet of two; reload with: nats-server --signal reload',
    },
    {
      line: 'steward broker-config --nodes-file fleet.keys --relay ship1:central:ship2 --out nats.conf',
      does: 'the nodes of a file; ship1 may send to ship2 through central',
    },
  ],
  run: async (call) => {
    const { natsConfig } = await import('../../security/nats-config.ts');
    await checkPlace(call);
    const users = await usersOf(call);
    const options = configOptions(call);
    const text = natsConfig(users, options);
    const check = { text, withoutTls: natsConfig(users, { port: options.port }), tls: options.tls };
    const { checkNatsConfig } = await import('./check-nats-config.ts');
    call.stderr.write(`${await checkNatsConfig(check, { env: call.env })}\n`);
    if (call.options.out === undefined) call.stdout.write(text);
    else await write(call.options.out, text, call);
    return 0;
  },
});

async function usersOf({ options }: Call) {
  const { fleetUsers, parseRelay } = await import('../../security/fleet-users.ts');
  const { readNodeKeys } = await import('./node-keys.ts');
  const given = { nodes: options.node ?? [], file: options['nodes-file'] };
  const keys = await readNodeKeys(given);
  const isClosed = readTrust(options.trust) === 'closed';
  const originals = new Set(options.original ?? []);
  const unknown = [...originals].find((node) => !keys.has(node));
  if (unknown !== undefined)
    throw new UsageError(`--original ${unknown} is not among the nodes: give --node ${unknown}=KEY too`);
  return fleetUsers(keys, {
    central: options.central ?? 'central',
    relays: (options.relay ?? []).map(parseRelay),
    hasOriginalNodes: options['original-nodes'] === true || originals.size > 0,
    isClosed: (node) => isClosed && !originals.has(node),
    replyCommands: options['reply-commands'] === true,
  });
}

function readTrust(mode = 'open'): 'open' | 'closed' {
  if (mode === 'open' || mode === 'closed') return mode;
  throw new UsageError(`--trust ${JSON.stringify(mode)} is neither open nor closed`);
}

function configOptions({ options }: Call): NatsConfigOptions {
  const { host } = options;
  const port = Number(options.port ?? 4222);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new UsageError(`--port ${JSON.stringify(options.port)} is no port: a number from 1 to 65535`);
  const { 'tls-cert': certificate, 'tls-key': key, 'tls-ca': ca } = options;
  const more = host === undefined ? {} : { host };
  if (certificate === undefined && key === undefined && ca === undefined) return { ...more, port };
  if (certificate === undefined || key === undefined)
    throw new UsageError('TLS needs both --tls-cert FILE and --tls-key FILE');
  return { ...more, port, tls: { certificate, key, ...(ca === undefined ? {} : { ca }) } };
}

/** Nothing is replaced that this command did not make. */
async function checkPlace({ options: { out, force } }: Call): Promise<void> {
  if (out === undefined || force === true) return;
  const { readFile } = await import('node:fs/promises');
  const { NATS_CONFIG_MARK } = await import('../../security/nats-config.ts');
  const old = await readFile(out, 'utf8').catch(() => undefined);
  if (old !== undefined && !old.startsWith(NATS_CONFIG_MARK))
    throw new UsageError(`${out} was not made by this command: give another file, or --force to replace it`);
}

async function write(out: string, text: string, { stderr }: Call): Promise<void> {
  const { rename, writeFile } = await import('node:fs/promises');
  const { systemFault } = await import('../../lib/system-fault.ts');
  try {
    // The broker runs as another user: the file is readable for all, as it holds no secret.
    const temporary = `${out}.${process.pid}.new`;
    await writeFile(temporary, text, { mode: 0o644 });
    await rename(temporary, out);
  } catch (error) {
    throw new UsageError(`${out} cannot be written: ${systemFault(error)}`);
  }
  stderr.write(
    `${out} is written: start nats-server -c ${out}, or have a running one take it (--signal reload).\n`,
  );
}
