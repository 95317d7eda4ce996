import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { readConfigFile } from '../../config/config-file.ts';
import type { OptionKey } from '../../config/options.ts';
import { type HostAndPort, parseHostAndPort } from '../../lib/host-and-port.ts';
import { isLoopback } from '../../lib/is-loopback.ts';
import { showAddress } from '../../lib/listen-at.ts';
import { brokerFiles } from '../../security/broker-identity.ts';
import { UsageError } from '../line/command.ts';

/** What `steward up` was asked for. */
export interface UpWishes {
  readonly folder: string;
  readonly name: string | undefined;
  readonly listen: string | undefined;
  /** Another broker in place of the embedded one. */
  readonly broker: string | undefined;
}

/** What it starts the central node with. */
export interface UpSettings {
  readonly name: string;
  /** Of the embedded broker; undefined with another one. */
  readonly address: HostAndPort | undefined;
  /** The broker's address, where it is another one. */
  readonly broker: string | undefined;
  readonly flags: readonly string[];
}

const DEFAULT_NAME = 'central';
const DEFAULT_LISTEN = '0.0.0.0:4222';

/** The file with the seed of a node that `up` or `join` made. */
export function seedFileOf(folder: string): string {
  return join(folder, 'etc/node.nk');
}

/** Where the broker's identity, the nodes that it lets in, and its tokens are. */
export function admissionFolderOf(folder: string): string {
  return join(folder, 'etc/admission');
}

/** The flags that keep a node's files in one folder, wherever it is started from. */
export function folderFlags(folder: string): string[] {
  return [
    `-configFolder=${join(folder, 'etc')}`,
    `-socketFolder=${join(folder, 'tmp')}`,
    `-databaseFolder=${join(folder, 'var/lib')}`,
    `-subscribersDataFolder=${join(folder, 'data')}`,
    '-fileMode=private',
  ];
}

/**
 * Decides what the central node is started with: all of it the first time, and later what is asked for anew, so that
 * changes of its config.toml stay. Throws UsageError where the folder is another node's.
 */
export async function upSettings(wishes: UpWishes): Promise<UpSettings> {
  const { folder, listen, broker } = wishes;
  const kept = await readKept(folder);
  const name = wishes.name ?? (kept.name || DEFAULT_NAME);
  checkOwner({ folder, name, owner: kept.name, central: kept.central });
  const hasOther = kept.isMade && kept.embedded === '' && listen === undefined;
  const settings = { name, broker, address: undefined, flags: folderFlags(folder).slice(0, 1) };
  // A fleet that is there already stays as it is.
  const trust = kept.isMade ? [] : ['-trust=closed'];
  if (broker !== undefined)
    return { ...settings, flags: [...otherBrokerFlags({ folder, name, broker }), ...trust] };
  if (hasOther) return { ...settings, broker: kept.broker };
  const address = addressOf(listen ?? (kept.embedded || DEFAULT_LISTEN));
  const isAsBefore = kept.isMade && kept.embedded === showListen(address);
  return {
    ...settings,
    address,
    ...(!isAsBefore && { flags: [...ownBrokerFlags({ folder, name, address }), ...trust] }),
  };
}

/** What a folder's config.toml says; '' where it says nothing. */
async function readKept(folder: string) {
  const { entries } = await readConfigFile(join(folder, 'etc/config.toml'));
  const kept = (key: OptionKey): string => String(entries.get(key)?.value ?? '');
  return {
    name: kept('NodeName'),
    central: kept('CentralNodeName'),
    embedded: kept('EmbeddedBroker'),
    broker: kept('BrokerAddress'),
    isMade: kept('NkeySeedFile') !== '',
  };
}

/** The names and addresses that the broker's certificate must have. */
export function certificateHosts(address: HostAndPort, addresses: readonly string[]): string[] {
  const given = addresses.map((host) => addressOf(host, address.port).host);
  const listened = isEvery(address.host) ? [] : [address.host];
  const all = ['localhost', '127.0.0.1', '::1', hostname(), ...listened, ...outerAddresses(), ...given];
  return [...new Set(all)];
}

/** The address that other machines are told: the one that is given, or the first of this machine's. */
export function joinAddress(address: HostAndPort, told: string | undefined): string {
  if (told !== undefined) return showAddress(addressOf(told, address.port));
  if (!isEvery(address.host)) return showAddress(address);
  const outer = outerAddresses();
  const host = outer.find((found) => !found.includes(':')) ?? outer[0] ?? hostname();
  return showAddress({ host, port: address.port });
}

/** Whether only this machine can reach the broker. */
export function isOnlyHere(address: HostAndPort): boolean {
  return isLoopback(address.host);
}

/** Reads `host:port`, `:port` or, where there is a default port, a host alone. Throws UsageError. */
export function addressOf(text: string, defaultPort?: number): HostAndPort {
  const plain = text.replace(/^(nats|tls):\/\//, '');
  const isHostAlone = defaultPort !== undefined && !/:\d+$/.test(plain.replace(/^\[.*\]/, ''));
  const found = parseHostAndPort(isHostAlone ? `${bracketed(plain)}:${defaultPort}` : plain);
  if (found !== undefined && found.port !== 0 && (found.host !== '' || defaultPort === undefined))
    return found;
  throw new UsageError(`${JSON.stringify(text)} is no address: write it as host:port, such as 10.0.0.5:4222`);
}

function bracketed(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

interface Owner {
  readonly folder: string;
  readonly name: string;
  readonly owner: string;
  readonly central: string;
}

function checkOwner({ folder, name, owner, central }: Owner): void {
  if (owner === '' || (owner === name && central === name)) return;
  const role = owner === central ? 'the central node' : 'the node';
  throw new UsageError(
    `${folder} is the folder of ${role} ${owner}: give another --folder${owner === central ? `, or --name ${owner}` : ', or start this node with steward join'}`,
  );
}

interface Made {
  readonly folder: string;
  readonly name: string;
}

function nodeFlags({ folder, name }: Made): string[] {
  const names = [`-nodeName=${name}`, `-centralNodeName=${name}`];
  return [...folderFlags(folder), ...names, `-nkeySeedFile=${seedFileOf(folder)}`];
}

function ownBrokerFlags({ folder, name, address }: Made & { address: HostAndPort }): string[] {
  const admission = admissionFolderOf(folder);
  const files = brokerFiles(admission);
  const host = isEvery(address.host) ? '127.0.0.1' : address.host;
  return [
    ...nodeFlags({ folder, name }),
    `-embeddedBroker=${showListen(address)}`,
    `-embeddedBrokerTLSCert=${files.certificate}`,
    `-embeddedBrokerTLSKey=${files.key}`,
    `-admissionFolder=${admission}`,
    `-brokerAddress=tls://${showAddress({ host, port: address.port })}`,
    `-rootCAPath=${files.authority}`,
  ];
}

function otherBrokerFlags({ folder, name, broker }: Made & { broker: string }): string[] {
  const none = ['-embeddedBroker=', '-embeddedBrokerTLSCert=', '-embeddedBrokerTLSKey=', '-admissionFolder='];
  return [...nodeFlags({ folder, name }), ...none, `-brokerAddress=${broker}`, '-rootCAPath='];
}

/** As the setting has it: every interface is an empty host. */
function showListen({ host, port }: HostAndPort): string {
  return host === '' ? `:${port}` : showAddress({ host, port });
}

function isEvery(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::';
}

/** The addresses by which other machines may reach this one. */
function outerAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all
    .filter(({ internal, address }) => !internal && !/^fe80:/i.test(address))
    .map(({ address }) => address);
}
