import { systemFault } from '../lib/system-fault.ts';
import { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { findSocket, findSocketIn } from './find-socket.ts';

/** How a command was told where its node is; at most one of `socket` and `api`. */
export interface NodeLocation {
  /** Address of the node's -apiListener: http://host:port. */
  readonly api?: string;
  /** Path of the node's stew.sock. */
  readonly socket?: string;
  /** Folder of the node, such as `steward up` makes it. */
  readonly folder?: string;
  /** File with the token that an -apiListener asks for. */
  readonly tokenFile?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A client for the node that is meant: by options, else by STEWARD_SOCKET or STEWARD_API (with STEWARD_TOKEN), else the
 * first that answers of `stew.sock` in the node's socket folder (SOCKET_FOLDER, or as ./etc/config.toml or the one in
 * CONFIG_FOLDER has it), ./tmp, ./steward, the folders of nodes above this one, and /run/steward. A socket that is not
 * told is taken where only root, this user and the node's user can have put it.
 * Throws ApiError with the places that were looked at and the way out.
 */
export async function connectToNode(location: NodeLocation, env: Environment): Promise<ApiClient> {
  const told = [location.socket, location.api, location.folder].filter((one) => one !== undefined);
  if (told.length > 1)
    throw new ApiError(
      'bad-request',
      'two places of a node are given: give one of the two (--socket, --api or --folder)',
    );
  if (location.folder !== undefined)
    return new ApiClient({ socketPath: await findSocketIn(location.folder) });
  const isTold = told.length > 0;
  const socket = isTold ? location.socket : env.STEWARD_SOCKET || undefined;
  const api = isTold ? location.api : env.STEWARD_API || undefined;
  if (socket === undefined && api !== undefined) {
    return new ApiClient({ url: api, token: await tokenOf(location.tokenFile, env) });
  }
  return new ApiClient({ socketPath: await findSocket(socket, env) });
}

async function tokenOf(file: string | undefined, env: Environment): Promise<string> {
  if (file === undefined) return env.STEWARD_TOKEN ?? '';
  try {
    const { readFile } = await import('node:fs/promises');
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    const text = `the token file ${file} cannot be read: ${systemFault(cause)}`;
    throw new ApiError('bad-request', text, { cause });
  }
}
