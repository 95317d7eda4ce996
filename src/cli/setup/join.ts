import { dirname, resolve } from 'node:path';
import { defineCommand, type ParsedCall, UsageError } from '../line/command.ts';
import type { JoinLayout } from './join-steps.ts';

const OPTIONS = {
  name: { value: 'NODE', summary: "this node's name; default the token's, or the host name" },
  folder: { value: 'DIR', summary: 'where its files are; default ./steward', completes: 'folder' },
  timeout: { value: 'SPAN', summary: 'how long to wait for the central node; default 1m' },
  again: { summary: 'join anew with a folder that has joined before; its key stays' },
  service: { summary: 'run it as a service of systemd, with its files in /etc and /var/lib' },
  root: {
    value: 'FOLDER',
    summary: 'with --service: make the files below this folder, as for an image',
    completes: 'folder',
  },
  'no-start': { summary: 'join, and do not run the node' },
} as const;

type Call = ParsedCall<typeof OPTIONS>;

/** Makes this machine a node of a fleet, and runs it. */
export const joinCommand = defineCommand({
  usage: [
    'join ADDRESS TOKEN [--name NODE] [--folder DIR] [-- NODE-FLAG...]',
    'join ADDRESS TOKEN --service [--name NODE]',
    'join [--folder DIR]',
  ],
  about: [
    'Makes a key for this machine, has the central node let it in, writes its configuration and runs it.',
    'Address and token are in the line that steward up or steward invite prints on the central node; - for',
    'TOKEN reads it from standard input. The private key never leaves this machine. If it has joined',
    'already, the command just runs the node. Repeat a join that was cut off with the same line.',
  ],
  options: OPTIONS,
  operands: ['none', 'none'],
  examples: [
    { line: 'steward join 10.0.0.5:4222 JAbc...', does: 'join, and run the node until Ctrl-C' },
    {
      line: 'steward join 10.0.0.5 JAbc... --name ship1 -- -labels=type=ship',
      does: 'with a name, and flags of the node',
    },
    { line: 'sudo steward join 10.0.0.5 JAbc... --service', does: 'join, and run as a service from now on' },
    { line: 'steward join', does: 'run it again' },
  ],
  run: async (call) => {
    const { options, operands, rest = [] } = call;
    checkService(options);
    const { readJoined } = await import('./join-steps.ts');
    const layout = await layoutOf(call);
    const [address, token, ...more] = operands;
    if (more.length > 0)
      throw new UsageError(`join takes an address and a token: ${JSON.stringify(more[0])} is one too many`);
    if (address !== undefined && token !== undefined) await join(call, { layout, address, token });
    else if (address !== undefined)
      throw new UsageError(
        'join needs a token behind the address: steward invite on the central node prints the line',
      );
    else if ((await readJoined(layout.etc)) === undefined)
      throw new UsageError(
        `${dirname(layout.etc)} has joined no fleet yet: give the line that steward invite prints on the central node`,
      );
    if (options['no-start'] === true) return 0;
    if (options.service === true) return installService(call);
    const { runStarted } = await import('../program/run.ts');
    return runStarted({ ...call, args: [`-configFolder=${layout.etc}`, ...rest] });
  },
});

function checkService({ service, folder, root }: Call['options']): void {
  if (service === true && folder !== undefined)
    throw new UsageError('--service has its files in /etc/steward and /var/lib/steward: leave --folder out');
  if (root !== undefined && service !== true) throw new UsageError('--root belongs to --service');
  if (service === true && root === undefined && process.getuid?.() !== 0)
    throw new UsageError('--service takes root: run this with sudo');
}

async function layoutOf({ options }: Call): Promise<JoinLayout> {
  const { ownLayout } = await import('./join-steps.ts');
  const { nodeFolder } = await import('./node-folder.ts');
  if (options.service !== true) return ownLayout(nodeFolder(options.folder));
  const { planService } = await import('../../service/service-plan.ts');
  const { configFolder, stateFolder, socketFolder } = planService({});
  const folders = [
    `-databaseFolder=${stateFolder}`,
    `-subscribersDataFolder=${stateFolder}/data`,
    `-socketFolder=${socketFolder}`,
    '-fileMode=private',
  ];
  const etc = resolve(options.root ?? '/', configFolder.slice(1));
  return { etc, seenEtc: configFolder, flags: folders };
}

/** As `steward service install` does; config.toml is there already. */
async function installService(call: Call): Promise<number> {
  const { serviceCommand } = await import('./service.ts');
  const { root } = call.options;
  const options = { ...(root !== undefined && { root }) };
  return serviceCommand.run({ ...call, operands: ['install'], options, rest: undefined } as ParsedCall);
}

async function join(
  call: Call,
  { layout, address, token: text }: { layout: JoinLayout; address: string; token: string },
): Promise<void> {
  const { decodeToken } = await import('../../security/token.ts');
  const { isJoinedBy, joinFleet } = await import('./join-steps.ts');
  const { durationOption } = await import('../line/option-values.ts');
  const { text: readAll } = await import('node:stream/consumers');
  const token = decodeToken(text === '-' ? (await readAll(call.stdin)).trim() : text);
  const { options, rest = [] } = call;
  if (!options.again && (await isJoinedBy(layout.etc, token, options.name))) return;
  await joinFleet(call, {
    ...{ layout, address, token, name: options.name, flags: rest },
    timeoutMs: durationOption('timeout', options.timeout ?? '1m'),
  });
}
