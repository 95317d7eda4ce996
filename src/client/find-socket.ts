import { connect } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { ApiError } from './api-error.ts';
import { connectionFault } from './api-place.ts';

// The rest of the module would take its time to load.
const { readFileSync } = process.getBuiltinModule('node:fs');

type Environment = Readonly<Record<string, string | undefined>>;

const SOCKET_NAME = 'stew.sock';
const SYSTEM_FOLDER = '/run/steward';
/** How long a node may take to accept a connection, ms. */
const CONNECT_TIMEOUT_MS = 3000;

/** The path of the socket that is told, or of the first at the usual places on which a node answers. Throws ApiError. */
export async function findSocket(told: string | undefined, env: Environment): Promise<string> {
  if (told !== undefined) {
    const fault = await connectFault(told);
    if (fault === undefined) return told;
    throw (await forbidden(told, fault)) ?? connectionFault({ socketPath: told }, fault);
  }
  const paths = usualPaths(env);
  const faults = new Map<string, NodeJS.ErrnoException>();
  for (const path of paths) {
    const fault = await connectFault(path);
    if (fault === undefined) return path;
    faults.set(path, fault);
  }
  throw await noneAnswers(faults);
}

function usualPaths(env: Environment): string[] {
  const configured = configuredFolders(env.CONFIG_FOLDER || './etc');
  const folders = [...(env.SOCKET_FOLDER ? [env.SOCKET_FOLDER] : configured), './tmp', SYSTEM_FOLDER];
  return [...new Set(folders.map((folder) => resolve(folder, SOCKET_NAME)))];
}

/** The socket folder that config.toml names; a relative one as seen from here, and from beside the config folder. */
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

/** Why nobody answers on a socket, or undefined. */
function connectFault(path: string): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((done) => {
    const socket = connect(path);
    const finish = (fault?: NodeJS.ErrnoException) => {
      socket.destroy();
      done(fault);
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, () =>
      finish(Object.assign(new Error('silent'), { code: 'ETIMEDOUT' })),
    );
    socket.on('connect', () => finish()).on('error', finish);
  });
}

async function noneAnswers(faults: ReadonlyMap<string, NodeJS.ErrnoException>): Promise<ApiError> {
  for (const [path, fault] of faults) {
    const refused = await forbidden(path, fault);
    if (refused !== undefined) return refused;
  }
  const places = [...faults].map(([path, { code }]) =>
    code === 'ENOENT' ? path : `${path} (${wordOf(code)})`,
  );
  return new ApiError(
    'unreachable',
    `no node answers here; looked at ${places.join(', ')}: start one, or name its socket with --socket or its address with --api`,
  );
}

function wordOf(code: string | undefined): string {
  if (code === 'ECONNREFUSED') return 'left by a node that has ended';
  return code === 'ETIMEDOUT' ? 'does not answer' : (code ?? 'unknown fault');
}

/** The sentence for a socket that is somebody else's. */
async function forbidden(path: string, cause: NodeJS.ErrnoException): Promise<ApiError | undefined> {
  if (cause.code !== 'EACCES' && cause.code !== 'EPERM') return undefined;
  const owner = await ownerOf(path);
  const text = `the socket ${path} belongs to ${owner}: run this as ${owner}${owner === 'root' ? ' (sudo)' : ''}, or give the node an -apiListener with a token`;
  return new ApiError('unauthorized', text, { cause });
}

async function ownerOf(path: string): Promise<string> {
  const { stat } = await import('node:fs/promises');
  const found = await stat(path).catch(() => stat(dirname(path)).catch(() => undefined));
  if (found === undefined) return 'another user';
  return found.uid === 0 ? 'root' : `the user with id ${found.uid}`;
}
