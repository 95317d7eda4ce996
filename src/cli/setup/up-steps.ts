import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeUserKey } from '../../lib/nkey.ts';
import { joinWords } from '../../lib/shell-words.ts';
import { passOver } from '../../lib/system-fault.ts';
import { durationWords } from '../../lib/time-words.ts';
import { writeAtomically } from '../../lib/write-atomically.ts';
import { nodeNameFault } from '../../message/names.ts';
import { openBrokerIdentity } from '../../security/broker-identity.ts';
import { reservedNameFault } from '../../security/fleet-users.ts';
import { publicKeyOfFile, writeSeedFile } from '../../security/key-files.ts';
import type { Relay } from '../../security/permissions.ts';
import { SecurityError } from '../../security/security-error.ts';
import { type ParsedCall, UsageError } from '../line/command.ts';
import { terminalOf } from '../line/terminal.ts';
import { orderAdmission } from './admission-client.ts';
import { inviteLine } from './invite-line.ts';
import {
  admissionFolderOf,
  certificateHosts,
  isOnlyHere,
  joinAddress,
  seedFileOf,
  type UpSettings,
} from './up-settings.ts';

type Call = Pick<ParsedCall, 'stdout' | 'env' | 'options'>;

/** Makes what the central node signs in with and what its broker shows, where it is not there yet; its public key. */
export async function makeUpFiles(
  folder: string,
  { name, address: listen }: UpSettings,
  address: string | undefined,
): Promise<string> {
  const fault = nodeNameFault(name) ?? reservedNameFault(name);
  if (fault !== undefined)
    throw new UsageError(`--name ${JSON.stringify(name)} is no name for a node: it ${fault}`);
  const publicKey = await keepKey(seedFileOf(folder));
  if (listen === undefined) return publicKey;
  const kept = await keptAddress(folder);
  const addresses = [address, kept].filter((given) => given !== undefined);
  const hosts = certificateHosts(listen, addresses);
  await openBrokerIdentity(admissionFolderOf(folder), { central: name, hosts, now: new Date() });
  const shown = joinAddress(listen, address ?? kept);
  if (address !== undefined) await writeAtomically(addressFile(folder), `${shown}\n`);
  return publicKey;
}

/** The public key of a node's seed, which is made where there is none yet. */
export async function keepKey(seedFile: string): Promise<string> {
  try {
    await writeSeedFile(seedFile, makeUserKey().seed);
  } catch (error) {
    if (!(error instanceof SecurityError) || error.code !== 'key-exists') throw error;
  }
  return publicKeyOfFile(seedFile);
}

/** How other machines reach the central node, where that was told once. */
export async function keptAddress(folder: string): Promise<string | undefined> {
  return (await readFile(addressFile(folder), 'utf8').catch(passOver('ENOENT')))?.trim();
}

interface OwnBroker {
  readonly folder: string;
  readonly settings: UpSettings;
  readonly relays: readonly Relay[] | undefined;
  /** How long the token is good for; without it none is made. */
  readonly ttlMs?: number;
}

/** Says where the central node is and how others join. */
export async function tellOfOwnBroker(
  call: Call,
  { folder, settings, relays, ttlMs }: OwnBroker,
): Promise<void> {
  const { name, address: listen } = settings;
  const { style } = terminalOf(call.stdout, call);
  if (relays !== undefined) await orderAdmission(folder, { do: 'relays', relays });
  const address = joinAddress(listen!, await keptAddress(folder));
  const lines = [`${style('bold', name)} is up. Its broker is at ${address}, its files are in ${folder}.`];
  if (isOnlyHere(listen!))
    lines.push(
      `The broker listens for this machine alone: --listen 0.0.0.0:${listen!.port} lets others come.`,
    );
  if (ttlMs !== undefined) {
    const order = {
      do: 'invite',
      name: '',
      ttlSeconds: Math.ceil(ttlMs / 1000),
      isReplacing: false,
    } as const;
    const { token } = await orderAdmission(folder, order);
    lines.push(
      '',
      `This line lets one more machine join, once, within ${durationWords(ttlMs)}:`,
      '',
      `  ${style('bold', inviteLine(address, token))}`,
    );
  }
  lines.push('', `More of them: steward invite --folder ${joinWords([folder])}`, '');
  call.stdout.write(`${lines.join('\n')}\n`);
}

/** Says what the operator of another broker has to do. */
export function tellOfOtherBroker(
  call: Call,
  { folder, settings, publicKey }: { folder: string; settings: UpSettings; publicKey: string },
): void {
  const { name, broker } = settings;
  const { style } = terminalOf(call.stdout, call);
  const lines = [
    `${style('bold', name)} is up and uses the broker at ${shown(broker!)}. Its files are in ${folder}.`,
    '',
    'That broker decides who may connect, so no machine can join by a token. For each machine, such as ship1:',
    '',
    '  on ship1:      steward keys make --name ship1',
    `  for the broker: steward broker-config --trust closed --central ${name} --node ${name}=${publicKey} --node ship1=KEY --out nats.conf`,
    `  on ship1:      steward -nodeName=ship1 -centralNodeName=${name} -brokerAddress=${shown(broker!)} -nkeySeedFile=ship1.nk -trust=closed`,
    '',
    `KEY is what the first line prints. Until the broker knows ${name}'s own key, which the second line has, ${name} keeps trying.`,
    '',
  ];
  call.stdout.write(`${lines.join('\n')}\n`);
}

function shown(broker: string): string {
  return broker.replace(/\/\/[^@/]*@/, '//');
}

function addressFile(folder: string): string {
  return join(admissionFolderOf(folder), 'address');
}
