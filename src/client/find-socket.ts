import { dirname, join, resolve } from 'node:path';
import { foreignWriter, ownerOf, realFolder } from '../lib/folder-writers.ts';
import { socketFault } from '../lib/socket-fault.ts';
import { connectionFault } from './api-address.ts';
import { ApiError } from './api-error.ts';

// The rest of the module would take its time to load.
const { existsSync, readFileSync, statSync } = process.getBuiltinModule('node:fs');

type Environment = Readonly<Record<string, string | undefined>>;

const SOCKET_NAME = 'stew.sock';
const SYSTEM_FOLDER = '/run/steward';
/** How long a node may take to accept a connection, ms. */
const CONNECT_TIMEOUT_MS = 3000;

/** A folder where the socket of a node may be. */
interface Candidate {
  readonly folder: string;
  /** The user whose node it is, by its config.toml. */
  readonly user: number | undefined;
  /** Whether the operator named the node, and it was not found by looking around. */
  readonly isTold: boolean;
}

/**
 * The path of the socket that is told, or of the first at the usual places on which a node answers: of those in folders
 * where nobody but root, this user and the node's can have put one. Throws ApiError.
 */
export async function findSocket(told: string | undefined, env: Environment): Promise<string> {
  if (told !== undefined) {
    const fault = await socketFault(told, CONNECT_TIMEOUT_MS);
    if (fault === undefined) return told;
    throw (await forbidden(told, fault)) ?? connectionFault({ socketPath: told }, fault);
  }
  return await firstOf(usualFolders(env));
}

/** The path of the socket of the node whose files are in a folder. Throws ApiError. */
export async function findSocketIn(folder: string): Promise<string> {
  return await firstOf(socketsOf(folder).map((place) => ({ ...place, isTold: true })));
}

async function firstOf(candidates: readonly Candidate[]): Promise<string> {
  const faults = new Map<string, NodeJS.ErrnoException>();
  const foreign = new Map<string, string>();
  for (const { folder, user, isTold } of candidates) {
    const named = resolve(folder, SOCKET_NAME);
    if (faults.has(named) || foreign.has(named)) continue;
    // Connected to is what was looked at, whatever becomes of links on the way to it.
    const path = join(realFolder(resolve(folder)), SOCKET_NAME);
    const writer = existsSync(path) ? foreignWriter(dirname(path), { user, isKnown: isTold }) : undefined;
    if (writer !== undefined) {
      foreign.set(named, writer);
      continue;
    }
    const fault = await socketFault(path, CONNECT_TIMEOUT_MS);
    if (fault === undefined) return path;
    faults.set(named, fault);
  }
  throw untrusted(foreign) ?? (await noneAnswers(faults));
}

function usualFolders(env: Environment): Candidate[] {
  const etc = env.CONFIG_FOLDER || './etc';
  const isTold = Boolean(env.CONFIG_FOLDER);
  const user = userOf(etc);
  const configured = env.SOCKET_FOLDER ? [env.SOCKET_FOLDER] : configuredFolders(etc);
  const own = [...configured, './tmp'].map((folder) => ({ folder, user, isTold }));
  const others = ['./steward', ...foldersAbove()].filter(isNodeFolder).flatMap(socketsOf);
  // Only root can make that folder, and gives it to the node's user.
  const system = { folder: SYSTEM_FOLDER, user: ownerOf(SYSTEM_FOLDER), isTold: true };
  return [...own, ...others, system];
}

function userOf(configFolder: string): number | undefined {
  return ownerOf(join(configFolder, 'config.toml'));
}

/** The folders above this one, and what `steward up` or `join` may have made there. */
function foldersAbove(): string[] {
  const folders: string[] = [];
  for (let folder = dirname(resolve('.')); ; folder = dirname(folder)) {
    folders.push(folder, join(folder, 'steward'));
    if (folder === dirname(folder)) return folders;
  }
}

function isNodeFolder(folder: string): boolean {
  return textOf(join(folder, 'etc/config.toml')) !== '';
}

/** The folders in which the socket of a node may be whose files are in a folder. */
function socketsOf(folder: string): Candidate[] {
  const etc = join(folder, 'etc');
  const folders = [...configuredFolders(etc), join(folder, 'tmp')];
  return folders.map((place) => ({ folder: place, user: userOf(etc), isTold: false }));
}

/** The socket folder that config.toml names; a relative one as seen from here, and from the parent of the config folder. */
function configuredFolders(configFolder: string): string[] {
  const text = textOf(join(configFolder, 'config.toml'));
  // Reading the whole of it would take longer than the call; what is not found here is found at the other places.
  const found = /^\s*SocketFolder\s*=\s*(?:"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)')/im.exec(text);
  if (found === null) return [];
  const folder = found[2] ?? unescaped(found[1]!);
  return [folder, resolve(dirname(resolve(configFolder)), folder)];
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function unescaped(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}

/** The sentence for sockets that anybody may have put where they are. */
function untrusted(foreign: ReadonlyMap<string, string>): ApiError | undefined {
  const [first] = foreign;
  if (first === undefined) return undefined;
  const [path, writer] = first;
  return new ApiError(
    'unreachable',
    `the socket ${path} is not used: ${writer}, and may have put it there to read what is meant for a node; start the node with -socketFolder in a folder of its user's own, or name the socket with --socket if you know whose it is`,
  );
}

async function noneAnswers(faults: ReadonlyMap<string, NodeJS.ErrnoException>): Promise<ApiError> {
  for (const [path, fault] of faults) {
    const refused = await forbidden(path, fault);
    if (refused !== undefined) return refused;
  }
  const places = [...faults].map(([path, { code }]) =>
    code === 'ENOENT' ? path : `${path} (${wordOf(path, code)})`,
  );
  return new ApiError(
    'unreachable',
    `no node answers here; looked at ${places.join(', ')}: start one, or name its folder with --folder, its socket with --socket or its address with --api`,
  );
}

function wordOf(path: string, code: string | undefined): string {
  const isSocket = statSync(path, { throwIfNoEntry: false })?.isSocket();
  if (code === 'ECONNREFUSED') return isSocket ? 'left by a node that has ended' : 'is no socket';
  return code === 'ETIMEDOUT' ? 'does not answer' : (code ?? 'unknown fault');
}

/** The sentence for a socket that is somebody else's. */
async function forbidden(path: string, cause: NodeJS.ErrnoException): Promise<ApiError | undefined> {
  if (cause.code !== 'EACCES' && cause.code !== 'EPERM') return undefined;
  const owner = await ownerWords(path);
  const text = `the socket ${path} belongs to ${owner}: run this as ${owner}${owner === 'root' ? ' (sudo)' : ''}, or give the node an -apiListener with a token`;
  return new ApiError('unauthorized', text, { cause });
}

async function ownerWords(path: string): Promise<string> {
  const { stat } = await import('node:fs/promises');
  const found = await stat(path).catch(() => stat(dirname(path)).catch(() => undefined));
  if (found === undefined) return 'another user';
  return found.uid === 0 ? 'root' : `the user with id ${found.uid}`;
}
