import { access, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readConfigFile } from '../../config/config-file.ts';
import { parseFlags } from '../../config/flags.ts';
import { loadConfig } from '../../config/load-config.ts';
import type { HostAndPort } from '../../lib/host-and-port.ts';
import { showAddress } from '../../lib/listen-at.ts';
import { errorCode } from '../../lib/system-fault.ts';
import { visibleLine } from '../../lib/visible.ts';
import { writeAtomically } from '../../lib/write-atomically.ts';
import { nodeNameFault } from '../../message/names.ts';
import { askToJoin, type Joined } from '../../security/ask-to-join.ts';
import { readSeedFile } from '../../security/key-files.ts';
import { SecurityError } from '../../security/security-error.ts';
import { type JoinToken, tokenKeyOf } from '../../security/token.ts';
import { type CommandCall, UsageError } from '../line/command.ts';
import { tell } from '../print/tell.ts';
import { addressOf, folderFlags } from './up-settings.ts';
import { keepKey } from './up-steps.ts';

/** What is kept of a join that is complete. */
export interface JoinRecord {
  readonly name: string;
  readonly central: string;
  readonly address: string;
  /** The public key of the token. */
  readonly token: string;
}

/** Where a node's files go. */
export interface JoinLayout {
  /** The folder in which config.toml and keys are written. */
  readonly etc: string;
  /** The same folder as the node will see it. */
  readonly seenEtc: string;
  /** Flags that name the other folders. */
  readonly flags: readonly string[];
}

interface JoinWishes {
  readonly layout: JoinLayout;
  readonly address: string;
  readonly token: JoinToken;
  readonly name: string | undefined;
  /** Flags of the node. */
  readonly flags: readonly string[];
  readonly timeoutMs: number;
}

const SEED_FILE = 'node.nk';
const AUTHORITY_FILE = 'broker-ca.pem';
const DEFAULT_PORT = 4222;
const TRY_AGAIN_MS = 1000;
/** Flags that say what joining decides. */
const DECIDED = [
  'NodeName',
  'CentralNodeName',
  'BrokerAddress',
  'NkeySeedFile',
  'RootCAPath',
  'ConfigFolder',
] as const;

/** The layout of a node with all that it has in one folder. */
export function ownLayout(folder: string): JoinLayout {
  const etc = join(folder, 'etc');
  return { etc, seenEtc: etc, flags: folderFlags(folder).slice(1) };
}

/** The record of a config folder that has joined, or undefined. */
export async function readJoined(etc: string): Promise<JoinRecord | undefined> {
  try {
    return JSON.parse(await readFile(recordFile(etc), 'utf8')) as JoinRecord;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new UsageError(`${recordFile(etc)} cannot be read: ${(error as Error).message}`);
  }
}

/** Whether this token was what a folder has joined with. Throws UsageError where it has with another, or under another name. */
export async function isJoinedBy(etc: string, token: JoinToken, name: string | undefined): Promise<boolean> {
  const joined = await readJoined(etc);
  if (joined === undefined) return false;
  const { name: owner, address } = joined;
  if (joined.token !== tokenKeyOf(token) || (name ?? owner) !== owner)
    throw new UsageError(
      `${dirname(etc)} has joined as ${owner} (${address}) already: steward join without an address runs it; give another --folder, or --again to join anew`,
    );
  return true;
}

/**
 * Joins, with what an earlier attempt has left: the key is made once and stays, so that the central node knows who
 * asks again. The record is written last. Throws UsageError and SecurityError.
 */
export async function joinFleet({ stderr, env }: CommandCall, wishes: JoinWishes): Promise<void> {
  const { layout, token, flags } = wishes;
  const { etc, seenEtc } = layout;
  const address = addressOf(wishes.address, DEFAULT_PORT);
  const name = nameOf(wishes);
  await checkFolder(etc, flags);
  await keepKey(join(etc, SEED_FILE));
  const nodeSeed = await readSeedFile(join(etc, SEED_FILE));
  stderr.write(`Joining as ${name} at ${showAddress(address)}\n`);
  const { answer, authority } = await askPatiently(
    { address, token, nodeSeed, name },
    wishes.timeoutMs,
    (reason) => stderr.write(`${visibleLine(reason)}; trying again\n`),
  );
  if (answer.verdict !== 'admitted') throw new SecurityError('bad-token', `not let in: ${answer.reason}`);
  await writeAtomically(join(etc, AUTHORITY_FILE), authority);
  const decided = [
    `-nodeName=${name}`,
    `-centralNodeName=${answer.central}`,
    `-brokerAddress=tls://${showAddress(address)}`,
    `-nkeySeedFile=${join(seenEtc, SEED_FILE)}`,
    `-rootCAPath=${join(seenEtc, AUTHORITY_FILE)}`,
    ...(answer.trust === undefined ? [] : [`-trust=${answer.trust}`]),
  ];
  const { warnings, configFile } = await loadConfig({
    args: [`-configFolder=${etc}`, ...layout.flags, ...decided, ...flags],
    env,
  });
  for (const warning of warnings) tell(stderr, `warning: ${warning}`);
  await access(configFile);
  const record = { name, central: answer.central, address: showAddress(address), token: tokenKeyOf(token) };
  await writeAtomically(recordFile(etc), `${JSON.stringify(record satisfies JoinRecord, undefined, 2)}\n`);
  stderr.write(`${name} has joined the fleet of ${answer.central}. Its configuration is in ${etc}.\n`);
}

function nameOf({ token, name }: JoinWishes): string {
  if (token.name !== '' && name !== undefined && name !== token.name)
    throw new UsageError(
      `this token is for the node ${token.name}, not for ${name}: leave --name out, or ask for another token`,
    );
  const chosen = token.name || name || hostname().split('.')[0]!;
  const fault = nodeNameFault(chosen);
  if (fault === undefined) return chosen;
  const what =
    name === undefined ? `the host name ${JSON.stringify(chosen)}` : `--name ${JSON.stringify(chosen)}`;
  throw new UsageError(`${what} is no name for a node: it ${fault}; give one with --name`);
}

/** What belongs to another node, or would contradict what joining decides, is refused before anything is made. */
async function checkFolder(etc: string, flags: readonly string[]): Promise<void> {
  const given = parseFlags(flags).values;
  const decided = DECIDED.find((key) => given.has(key));
  if (decided !== undefined)
    throw new UsageError(`the flag of ${decided} cannot be given to join, which decides it`);
  const { entries } = await readConfigFile(join(etc, 'config.toml'));
  if (entries.has('AdmissionFolder') && entries.get('AdmissionFolder')?.value !== '')
    throw new UsageError(`${dirname(etc)} is the folder of a central node: give another --folder`);
}

/** Asks until there is an answer: a broker that is away now may be back in a moment. */
async function askPatiently(
  wish: { address: HostAndPort; token: JoinToken; nodeSeed: string; name: string },
  timeoutMs: number,
  onFault: (reason: string) => void,
): Promise<Joined> {
  const deadline = performance.now() + timeoutMs;
  let told = '';
  for (;;) {
    const left = Math.max(TRY_AGAIN_MS, deadline - performance.now());
    try {
      return await askToJoin({ ...wish, patienceMs: Math.min(left, 20_000) });
    } catch (error) {
      const isTemporary = error instanceof SecurityError && error.code === 'unreachable';
      if (!isTemporary || performance.now() + TRY_AGAIN_MS >= deadline) throw error;
      if (error.message !== told) onFault(error.message);
      told = error.message;
      await pause(TRY_AGAIN_MS);
    }
  }
}

function recordFile(etc: string): string {
  return join(etc, 'joined.json');
}
