import { join } from 'node:path';
import { type HostAndPort, parseHostAndPort } from '../lib/host-and-port.ts';
import { isLoopback } from '../lib/is-loopback.ts';
import { showAddress } from '../lib/listen-at.ts';
import { MAX_SOCKET_PATH_BYTES } from '../lib/short-socket-path.ts';
import { ERROR_CENTRAL, nodeNameFault } from '../message/names.ts';
import { brokerAddressFault } from './broker-address.ts';
import { parseLabels } from './labels.ts';
import { LINK_PROFILES, type LinkProfile, linkConfig } from './link-config.ts';
import { listenerConfig } from './listener-config.ts';
import { valueFault } from './option-value.ts';
import { OPTIONS, type OptionKey, optionOf } from './options.ts';
import type { Settings } from './settings.ts';
import { START_SUB_SPECS, type SwitchedMethod } from './start-sub-specs.ts';
import { quotaConfig, trustConfig } from './trust-config.ts';
import { webOrigin, webProxyConfig, webTlsConfig } from './web-config.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** The settings of one node, checked; deeply frozen. */
export interface Config extends Readonly<ReturnType<typeof configOf>> {}

/** Checks the settings and makes them a Config. Throws ConfigError; what is only odd goes to `warnings`. */
export function toConfig(settings: Settings, warnings: string[]): Config {
  const { values } = settings;
  const nodeName = nodeNameOf('NodeName', 'node name', settings);
  const centralNodeName = nodeNameOf('CentralNodeName', 'name of the central node', settings);
  for (const { key, ...option } of OPTIONS) {
    const fault = valueFault({ key, ...option }, values[key]);
    if (fault !== undefined) throw settings.fault(key, fault);
  }
  warnOfLongPath(settings, warnings);
  return Object.freeze(configOf({ nodeName, centralNodeName }, settings, warnings));
}

function configOf(
  names: { nodeName: string; centralNodeName: string },
  settings: Settings,
  warnings: string[],
) {
  const { values } = settings;
  const link = oneOf('Link', LINK_PROFILES, settings);
  return {
    ...names,
    /** Whether the node starts where another one has its name. */
    nameCheck: oneOf('NameCheck', ['strict', 'warn'] as const, settings),
    /** Whether this node is the central one. */
    isCentral: names.nodeName === names.centralNodeName,
    labels: labelsOf(settings, link),
    /** The path of config.toml, from the working folder where it is relative. */
    configFile: join(values.ConfigFolder, 'config.toml'),
    /** May not be there; then there are no groups. */
    groupsFile: values.GroupsFile || join(values.ConfigFolder, 'groups.toml'),
    logLevel: oneOf('LogLevel', LOG_LEVELS, settings),
    ...linkConfig(settings, link, warnings),
    ...brokerConfig(settings, warnings),
    ...messageConfig(settings),
    /** Folders are as given, relative to the working directory where they are relative. */
    socketFolder: values.SocketFolder,
    databaseFolder: values.DatabaseFolder,
    subscribersDataFolder: values.SubscribersDataFolder,
    /** What new files get: 0755 less umask, or 0600. */
    fileMode: oneOf('FileMode', ['original', 'private'] as const, settings),
    followLinks: values.FollowLinks,
    ...listenerConfig(settings, warnings),
    /** A proxy that signs people in to the console; undefined = off. */
    webProxy: webProxyConfig(settings),
    webTls: webTlsConfig(settings),
    /** Where browsers reach the console; undefined where that is not said. */
    webOrigin: webOrigin(settings),
    startSub: startSubOf(settings),
    trust: trustConfig(settings),
    /** Without them there is no limit. */
    quotas: quotaConfig(settings),
    ...keepingConfig(settings),
  };
}

function brokerConfig(settings: Settings, warnings: string[]) {
  const { values } = settings;
  const fault = brokerAddressFault(values.BrokerAddress);
  if (fault !== undefined) throw settings.fault('BrokerAddress', fault);
  const embeddedBroker = embeddedBrokerConfig(settings);
  return {
    /** As the operator gave it, checked; may hold a password (see hidePasswords). */
    brokerAddress: brokerAddressOf(settings, embeddedBroker),
    /** undefined = off. */
    embeddedBroker,
    /** '' = none, as for the next four. */
    nkeySeedFile: values.NkeySeedFile,
    credsFile: values.CredsFile,
    rootCaPath: values.RootCAPath,
    tlsCertFile: values.TLSCertFile,
    tlsKeyFile: values.TLSKeyFile,
    natsConnOptTimeoutSeconds: values.NatsConnOptTimeout,
    natsConnectRetryIntervalSeconds: values.NatsConnectRetryInterval,
    natsReconnectJitterMs: values.NatsReconnectJitter,
    natsReconnectJitterTlsSeconds: values.NatsReconnectJitterTLS,
    compression: compressionOf(settings, warnings),
    serialization: serializationOf(settings, warnings),
  };
}

function messageConfig({ values }: Settings) {
  return {
    defaultMessageTimeoutSeconds: values.DefaultMessageTimeout,
    defaultMessageRetries: values.DefaultMessageRetries,
    defaultMethodTimeoutSeconds: values.DefaultMethodTimeout,
    /** May be longer than a timer can wait: at most ten years. */
    messageTtlSeconds: values.MessageTTL,
    scheduleGraceSeconds: values.ScheduleGrace,
    errorMessageTimeoutSeconds: values.ErrorMessageTimeout,
    errorMessageRetries: values.ErrorMessageRetries,
  };
}

function keepingConfig({ values }: Settings) {
  return {
    maxMessageBytes: values.MaxMessageMB * 1024 * 1024,
    ledgerKeepDays: values.LedgerKeepDays,
    ledgerKeepCount: values.LedgerKeepCount,
    /** How much output may wait, bytes; 0 means that the disk decides. */
    outboxBytes: values.OutboxMB * 1024 * 1024,
    ledgerOutputBytes: values.LedgerOutputKB * 1024,
    /** How much data of relayed messages is kept for further targets, bytes. */
    relayKeepBytes: values.RelayKeepMB * 1024 * 1024,
    journalKeepDays: values.JournalKeepDays,
    journalKeepCount: values.JournalKeepCount,
    auditLogMaxBytes: values.AuditLogMaxMB * 1024 * 1024,
    auditLogKeepFiles: values.AuditLogKeepFiles,
  };
}

function nodeNameOf(key: 'NodeName' | 'CentralNodeName', name: string, settings: Settings): string {
  const value = settings.values[key];
  if (value === '') throw settings.missing(key, name);
  const isTaken = key === 'NodeName' && value === ERROR_CENTRAL;
  const fault = isTaken ? 'is the name under which errors are collected' : nodeNameFault(value);
  if (fault !== undefined) throw settings.fault(key, `is no node name: it ${fault}`);
  return value;
}

function startSubOf({ values }: Settings): Readonly<Record<SwitchedMethod, boolean>> {
  const keys = Object.keys(START_SUB_SPECS) as (keyof typeof START_SUB_SPECS)[];
  const entries = keys.map((key) => [key.slice('StartSub'.length), values[key]]);
  return Object.freeze(Object.fromEntries(entries) as Record<SwitchedMethod, boolean>);
}

/** What others see of a node, and choose it by; among that how it uses its link, where that is not the usual way. */
function labelsOf(settings: Settings, link: LinkProfile): Readonly<Record<string, string>> {
  const parsed = parseLabels(settings.values.Labels);
  if (!parsed.ok) throw settings.fault('Labels', parsed.fault);
  return link === 'default' ? parsed.labels : { link, ...parsed.labels };
}

/** The commands of this program find a socket all the same, by way of its folder. */
function warnOfLongPath({ values }: Settings, warnings: string[]): void {
  const bytes = Buffer.byteLength(join(values.SocketFolder, 'steward.sock'));
  if (bytes <= MAX_SOCKET_PATH_BYTES) return;
  const text = `is too long for a socket (${bytes} bytes with its name, ${MAX_SOCKET_PATH_BYTES} at most): other programs reach it from within the folder alone`;
  warnings.push(`socketFolder ${text}`);
}

/** The reference's rule: a compression that it does not know is none. */
function compressionOf(settings: Settings, warnings: string[]): '' | 'z' | 'g' {
  const value = settings.values.Compression;
  if (value === '' || value === 'z' || value === 'g') return value;
  warnings.push(
    `${settings.fault('Compression', 'is not known (z = zstd, g = gzip): sending without').message}`,
  );
  return '';
}

/** As the original: what it does not know is no reason not to start. */
function serializationOf(settings: Settings, warnings: string[]): '' | 'gob' | 'cbor' {
  const value = settings.values.Serialization;
  if (value === '' || value === 'gob' || value === 'cbor') return value;
  warnings.push(`${settings.fault('Serialization', 'is not known (gob, cbor): sending gob').message}`);
  return 'gob';
}

function oneOf<T extends string>(key: OptionKey, allowed: readonly T[], settings: Settings): T {
  const found = allowed.find((candidate) => candidate === settings.values[key]);
  if (found !== undefined) return found;
  const names = allowed.filter((candidate) => candidate !== '');
  throw settings.fault(key, `is not one of ${names.join(', ')}`);
}

/** The broker that runs inside the node, if any. */
interface EmbeddedBrokerConfig {
  readonly address: HostAndPort;
  /** Paths; '' = none. Certificate and key are both given or both not. */
  readonly usersFile: string;
  readonly tlsCertFile: string;
  readonly tlsKeyFile: string;
  /** Holds who was let in by a token; '' = nobody is. */
  readonly admissionFolder: string;
}

/** The settings of the embedded broker; undefined = off. Throws ConfigError. */
function embeddedBrokerConfig(settings: Settings): EmbeddedBrokerConfig | undefined {
  const { values } = settings;
  if (values.EmbeddedBroker === '') return undefined;
  const address = parseHostAndPort(values.EmbeddedBroker);
  if (address === undefined || address.port === 0) {
    throw settings.fault('EmbeddedBroker', 'is not host:port, or :port for every interface');
  }
  if (!isLoopback(address.host) && values.EmbeddedBrokerUsers === '' && values.AdmissionFolder === '') {
    throw settings.fault(
      'EmbeddedBroker',
      'can be reached from other machines, so it needs users: set EmbeddedBrokerUsers, or listen on 127.0.0.1',
    );
  }
  const [tlsCertFile, tlsKeyFile] = [values.EmbeddedBrokerTLSCert, values.EmbeddedBrokerTLSKey];
  if (tlsCertFile !== '' && tlsKeyFile === '')
    throw settings.fault('EmbeddedBrokerTLSCert', 'is given without EmbeddedBrokerTLSKey: give both');
  if (tlsCertFile === '' && tlsKeyFile !== '')
    throw settings.fault('EmbeddedBrokerTLSKey', 'is given without EmbeddedBrokerTLSCert: give both');
  const admissionFolder = admissionFolderOf(settings);
  return Object.freeze({
    address,
    usersFile: values.EmbeddedBrokerUsers,
    tlsCertFile,
    tlsKeyFile,
    admissionFolder,
  });
}

/** Letting nodes in is the central node's, and never done without encryption. */
function admissionFolderOf(settings: Settings): string {
  const { values } = settings;
  const fault = (reason: string) => settings.fault('AdmissionFolder', reason);
  if (values.AdmissionFolder === '') return '';
  if (values.NodeName !== values.CentralNodeName)
    throw fault('is for the central node alone: leave it empty on this one');
  if (values.EmbeddedBrokerUsers !== '')
    throw fault('holds who may connect, and so does EmbeddedBrokerUsers: give one of them');
  if (values.EmbeddedBrokerTLSCert === '' || values.NkeySeedFile === '')
    throw fault('needs EmbeddedBrokerTLSCert, EmbeddedBrokerTLSKey and NkeySeedFile, which steward up makes');
  return values.AdmissionFolder;
}

/** Where the node finds its broker: the embedded one where brokerAddress is left at its default. */
function brokerAddressOf(settings: Settings, embedded: EmbeddedBrokerConfig | undefined): string {
  const { BrokerAddress: address } = settings.values;
  if (embedded === undefined || address !== optionOf('BrokerAddress').default) return address;
  const { host, port } = embedded.address;
  const reached = ['', '0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
  return showAddress({ host: reached, port });
}

/** What one look at a node's surroundings showed. */
interface Found {
  readonly check: string;
  readonly verdict: 'ok' | 'warn' | 'fail';
  readonly text: string;
  readonly advice?: string;
}

/** What a node is told besides its configuration. */
export interface NodeOptions {
  readonly version: string;
  /** The environment that commands inherit. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the log goes to a terminal. */
  readonly isTerminal: boolean;
  /** Looks at what the node needs, as `steward doctor` does. */
  examine(): Promise<readonly Found[]>;
  /** Where REQToConsole prints; resolves when it is printed. */
  stdout(bytes: Uint8Array): Promise<void>;
}
