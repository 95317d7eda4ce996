import { chmod, link, lstat, mkdtemp, rename, rm, stat, unlink } from 'node:fs/promises';
import type { Server } from 'node:net';
import { dirname, join } from 'node:path';
import { ListenError } from './listen-error.ts';
import { makeFolders } from './make-folders.ts';
import { MAX_SOCKET_PATH_BYTES, shortSocketPath } from './short-socket-path.ts';
import { socketFault } from './socket-fault.ts';

const ATTEMPTS = 5;

interface FileId {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** A server's socket file, which only its owner can connect to. `remove` takes it away if it is still this one. */
export interface SocketFile {
  remove(): Promise<void>;
}

/**
 * Makes `server` listen on a socket file with mode 0600, whose folder is made with mode 0700 where it is missing.
 *
 * The socket is bound in a private folder and linked to its place when it is ready, so that nobody finds it with
 * wider permissions, and of two nodes that start at the same moment one gets the place. The file of a dead
 * process is replaced. Throws ListenError, `in-use` when somebody listens there.
 */
export async function bindSocketFile(server: Server, path: string): Promise<SocketFile> {
  const folder = dirname(path);
  try {
    await makeFolders(folder, 0o700);
    shortEnough(path);
    const privateFolder = await mkdtemp(join(folder, '.s'));
    try {
      const bound = join(privateFolder, 's');
      await listen(server, shortEnough(bound));
      await chmod(bound, 0o600);
      await place(bound, path);
    } finally {
      await rm(privateFolder, { recursive: true, force: true });
    }
    const own = await fileIdOf(path);
    return { remove: () => removeIfSame(path, own) };
  } catch (error) {
    if (server.listening) server.close();
    if (error instanceof ListenError) throw error;
    const { message } = error as Error;
    const words = (await isTaken(folder)) ? `${folder} is no folder: move it away (${message})` : message;
    throw new ListenError('unavailable', `cannot listen on the socket ${path}: ${words}`, { cause: error });
  }
}

/** Whether something else stands where a folder should be, also a link that leads nowhere. */
async function isTaken(folder: string): Promise<boolean> {
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return !isFolder && (await lstat(folder).catch(() => undefined)) !== undefined;
}

/** A path that can be bound; its folder stays open for as long as the program runs, as the server's end comes back to it. */
function shortEnough(path: string): string {
  const short = shortSocketPath(path);
  const bytes = Buffer.byteLength(short);
  if (bytes <= MAX_SOCKET_PATH_BYTES) return short;
  throw new ListenError(
    'path-too-long',
    `the socket path ${path} is too long: ${bytes} bytes, ${MAX_SOCKET_PATH_BYTES} at most; choose a shorter socketFolder`,
  );
}

/** Gives the bound socket its public path, in place of a dead one. */
async function place(bound: string, path: string): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const code = await tryLink(bound, path);
    if (code === undefined) return;
    if (code !== 'EEXIST') break;
    await removeStale(path);
  }
  // Reached where the file system has no hard links.
  await rename(bound, path);
}

async function tryLink(from: string, to: string): Promise<string | undefined> {
  try {
    await link(from, to);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}

async function removeStale(path: string): Promise<void> {
  const found = await lstat(path, { bigint: true }).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new ListenError(
      'not-a-socket',
      `${path} exists and is not a socket: move it away or choose another socketFolder`,
    );
  }
  if (await isAlive(path)) {
    throw new ListenError(
      'in-use',
      `another process listens on the socket ${path}: stop it or choose another socketFolder`,
    );
  }
  await removeIfSame(path, found);
}

/** Whether somebody accepts connections on the socket; a full queue of connections counts as yes. */
async function isAlive(path: string): Promise<boolean> {
  const fault = await socketFault(path);
  if (fault === undefined || fault.code === 'EAGAIN') return true;
  if (fault.code === 'ECONNREFUSED' || fault.code === 'ENOENT') return false;
  throw fault;
}

async function listen(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(path, resolve);
  await promise;
  server.off('error', reject);
}

async function fileIdOf(path: string): Promise<FileId> {
  return lstat(path, { bigint: true });
}

async function removeIfSame(path: string, own: FileId): Promise<void> {
  const found = await lstat(path, { bigint: true }).catch(() => undefined);
  if (found !== undefined && found.ino === own.ino && found.dev === own.dev) {
    await unlink(path).catch(() => {});
  }
}
