import { resolve } from 'node:path';
import type { ParsedCall } from '../../line/command.ts';

/** The options of `steward service`. */
export const SERVICE_OPTIONS = {
  user: {
    value: 'NAME',
    summary: 'who runs the node and its commands; default steward, made where it is missing',
  },
  name: { value: 'NAME', summary: 'the name of the service; default steward' },
  'config-folder': {
    value: 'FOLDER',
    summary: 'where config.toml and keys are; default /etc/NAME',
    completes: 'folder',
  },
  'state-folder': {
    value: 'FOLDER',
    summary: 'where database and data are; default /var/lib/NAME',
    completes: 'folder',
  },
  hardened: {
    value: 'LEVEL',
    summary: 'what commands may do: commands (anything), contained, strict (see above)',
    completes: ['commands', 'contained', 'strict'],
  },
  purge: { summary: 'with uninstall: remove configuration, database and data too' },
  'dry-run': { summary: 'say what would be done, print the unit, and change nothing' },
  root: {
    value: 'FOLDER',
    summary: 'make the files below this folder, as for an image; starts nothing',
    completes: 'folder',
  },
} as const;

export type ServiceCall = ParsedCall<typeof SERVICE_OPTIONS>;

/** The folder that the files go below. */
export function rootOf({ options }: Pick<ServiceCall, 'options'>): string {
  return options.root === undefined ? '/' : resolve(options.root);
}
