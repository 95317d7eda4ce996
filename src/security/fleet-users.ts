import { isPublicNkey } from '../lib/nkey.ts';
import { ERROR_CENTRAL } from '../message/names.ts';
import { type FleetShape, type Permissions, permissionsOf, type Relay } from './permissions.ts';
import { SecurityError } from './security-error.ts';

/** Somebody who may connect to a broker, known by a public nkey. */
export interface FleetUser {
  readonly name: string;
  readonly nkey: string;
  readonly permissions: Permissions;
}

/** Words that stand for themselves in subjects, so that no node may have them as its name. */
const RESERVED = new Set([ERROR_CENTRAL, 'Steward']);

/** Why a node must not have this name besides what its characters say, as the end of a sentence; or undefined. */
export function reservedNameFault(name: string): string | undefined {
  return RESERVED.has(name) ? 'is a word of the subjects that every node uses' : undefined;
}

/** What shells act on: commands that name a node are copied into one, and who joins chooses the name. */
const SHELL_SIGN = /["'`$;&|<(){}[\]!#~?]/;

/** Why nobody may join under a name, besides what its characters say to a node, as the end of a sentence; or undefined. */
export function newNameFault(name: string): string | undefined {
  const sign = SHELL_SIGN.exec(name)?.[0];
  return reservedNameFault(name) ?? (sign && `contains ${sign}, on which shells act`);
}

/** The users of a broker, central first, each with the least permissions. Throws SecurityError for keys that clash. */
export function fleetUsers(keys: ReadonlyMap<string, string>, shape: FleetShape): FleetUser[] {
  const { central, relays = [] } = shape;
  if (!keys.has(central))
    throw new SecurityError(
      'bad-key',
      `the central node ${central} has no public key: give one, as for every node`,
    );
  for (const relay of relays) checkRelay(relay, keys);
  const owners = new Map<string, string>();
  for (const [name, nkey] of keys) {
    const fault = reservedNameFault(name);
    if (fault !== undefined) throw new SecurityError('bad-name', `the name ${name} ${fault}: choose another`);
    if (!isPublicNkey(nkey))
      throw new SecurityError(
        'bad-key',
        `${name}: ${nkey} is no public nkey (U and 55 more letters and digits)`,
      );
    const owner = owners.get(nkey);
    if (owner !== undefined)
      throw new SecurityError('bad-key', `${owner} and ${name} have the same key: each needs one of its own`);
    owners.set(nkey, name);
  }
  const names = [central, ...[...keys.keys()].filter((name) => name !== central)];
  for (const name of names) checkPrefix(name, names);
  const nameParts = [...new Set([1, ...names.map((name) => name.split('.').length)])];
  const whole = { ...shape, nameParts };
  return names.map((name) => ({ name, nkey: keys.get(name)!, permissions: permissionsOf(name, whole) }));
}

/** What is allowed below the subjects of ship1 would be allowed for ship1.example.org too. */
function checkPrefix(name: string, names: readonly string[]): void {
  const longer = names.find((other) => other.startsWith(`${name}.`));
  if (longer === undefined) return;
  const text = `the name ${longer} begins with the name ${name} and a dot, so the subjects of one are those of the other`;
  throw new SecurityError('bad-name', `${text}: choose another`);
}

/** Reads `from:via:to`. Throws SecurityError. */
export function parseRelay(text: string): Relay {
  const [from, via, to, ...more] = text.split(':');
  if (!from || !via || !to || more.length > 0)
    throw new SecurityError(
      'bad-relay',
      `the relay ${JSON.stringify(text)} is not FROM:VIA:TO, as in ship1:central:ship2`,
    );
  if (from === via || via === to || from === to)
    throw new SecurityError(
      'bad-relay',
      `the relay ${text} names one node twice: it leads from one over another to a third`,
    );
  return { from, via, to };
}

function checkRelay(relay: Relay, keys: ReadonlyMap<string, string>): void {
  for (const node of [relay.from, relay.via, relay.to]) {
    if (keys.has(node)) continue;
    const text = `${relay.from}:${relay.via}:${relay.to}`;
    throw new SecurityError('bad-relay', `the relay ${text} names ${node}, which is not among the nodes`);
  }
}
