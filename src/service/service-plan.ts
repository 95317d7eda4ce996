import { join, relative } from 'node:path';
import { ServiceError } from './service-error.ts';

/** How much is taken away from what the service and its commands may do. */
export const HARDENINGS = ['commands', 'contained', 'strict'] as const;
export type Hardening = (typeof HARDENINGS)[number];

export const DEFAULT_NAME = 'steward';

/** What an operator asked for; all of it may be left out. */
export interface ServiceRequest {
  readonly name?: string | undefined;
  readonly user?: string | undefined;
  readonly configFolder?: string | undefined;
  readonly stateFolder?: string | undefined;
  readonly hardening?: string | undefined;
}

/** A service as it is to be. Folders are absolute. */
export interface ServicePlan {
  readonly name: string;
  readonly user: string;
  /** Whether the user is made where it is missing. */
  readonly makesUser: boolean;
  readonly configFolder: string;
  readonly stateFolder: string;
  readonly socketFolder: string;
  readonly hardening: Hardening;
}

/** Folders that hold more than a node's own files. */
const SHARED = /^\/(?:[^/]+)?$|^\/(?:var|usr|run|home|root|opt|srv)\/(?:lib|local|bin|sbin|share|log|etc)?$/;

/** Fills in what was left out. Throws ServiceError 'bad-option'. */
export function planService(request: ServiceRequest): ServicePlan {
  const { name = DEFAULT_NAME } = request;
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(name))
    throw new ServiceError(
      'bad-option',
      `--name ${JSON.stringify(name)} is no name for a service: take letters, digits, - and _`,
    );
  const user = request.user ?? DEFAULT_NAME;
  if (!/^[a-z_][a-z0-9_.-]{0,31}$/i.test(user))
    throw new ServiceError('bad-option', `--user ${JSON.stringify(user)} is no name of a user`);
  const configFolder = request.configFolder ?? `/etc/${name}`;
  const stateFolder = request.stateFolder ?? `/var/lib/${name}`;
  checkFolder('config-folder', configFolder);
  checkFolder('state-folder', stateFolder);
  const hardening = hardeningOf(request.hardening, user);
  const socketFolder = `/run/${name}`;
  return {
    ...{ name, user, configFolder, stateFolder, socketFolder, hardening },
    makesUser: request.user === undefined,
  };
}

/** The path below /var/lib of a folder there, which systemd makes for the user by itself. */
export function stateDirectoryOf({ stateFolder }: ServicePlan): string | undefined {
  const below = relative('/var/lib', stateFolder);
  return below !== '' && !below.startsWith('..') ? below : undefined;
}

/** Where the unit of a service lies, below another root where one is given. */
export function unitPath(name: string, root = '/'): string {
  return join(root, 'etc/systemd/system', `${name}.service`);
}

/** Commands of root are there to administer the machine; those of another user are kept apart from it. */
function hardeningOf(given: string | undefined, user: string): Hardening {
  if (given === undefined) return user === 'root' ? 'commands' : 'contained';
  const known = HARDENINGS.find((candidate) => candidate === given);
  if (known !== undefined) return known;
  throw new ServiceError(
    'bad-option',
    `--hardened ${JSON.stringify(given)} is not known: it is one of ${HARDENINGS.join(', ')}`,
  );
}

function checkFolder(option: string, path: string): void {
  const fault = folderFault(path);
  if (fault === undefined) return;
  throw new ServiceError(
    'bad-option',
    `--${option} ${JSON.stringify(path)} ${fault}: take a folder of its own, such as /srv/steward`,
  );
}

function folderFault(path: string): string | undefined {
  if (!path.startsWith('/')) return 'is no absolute path';
  if (path.split('/').includes('..')) return 'has a .. in it';
  if (SHARED.test(path.replace(/\/+$/, '') || '/')) return 'is shared with other programs';
  // These would end a line of the unit or a word of it, or stand for something else there.
  return /[\p{Cc}\s:"'\\%$]/u.test(path) ? 'has characters that a unit cannot hold' : undefined;
}
