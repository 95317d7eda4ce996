import { join } from 'node:path';
import type { HostAndPort } from '../lib/host-and-port.ts';
import { MAX_SOCKET_PATH_BYTES } from '../lib/short-socket-path.ts';
import { nodeNameFault } from '../message/names.ts';
import { brokerAddressFault } from './broker-address.ts';
import {
  brokerAddressOf,
  type EmbeddedBrokerConfig,
  embeddedBrokerConfig,
} from './embedded-broker-config.ts';
import { parseLabels } from './labels.ts';
import { LINK_PROFILES, type LinkConfig, type LinkProfile, linkConfig } from './link-config.ts';
import { listenerConfig } from './listener-config.ts';
import { valueFault } from './option-value.ts';
import { OPTIONS, type OptionKey } from './options.ts';
import type { Settings } from './settings.ts';
import { type QuotaConfig, quotaConfig, type TrustConfig, trustConfig } from './trust-config.ts';
import {
  type WebProxyConfig,
  type WebTlsConfig,
  webOrigin,
  webProxyConfig,
  webTlsConfig,
} from './web-config.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const SWITCHED = [
  'REQErrorLog',
  'REQHello',
  'REQToFileAppend',
  'REQToFile',
  'REQCopyFileFrom',
  'REQCopyFileTo',
  'REQPing',
  'REQPong',
  'REQCliCommand',
  'REQToConsole',
  'REQHttpGet',
  'REQTailFile',
  'REQCliCommandCont',
  'REQRelay',
] as const;

/** A method that a StartSub... option switches; every other method is always taken. */
export type SwitchedMethod = (typeof SWITCHED)[number];

/** The settings of one node, checked; deeply frozen. */
export interface Config extends LinkConfig {
  readonly nodeName: string;
  readonly centralNodeName: string;
  /** Whether the node starts where another one has its name. */
  readonly nameCheck: 'strict' | 'warn';
  /** Whether this node is the central one. */
  readonly isCentral: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** The path of config.toml, from the working folder where it is relative. */
  readonly configFile: string;
  /** May not be there; then there are no groups. */
  readonly groupsFile: string;
  readonly logLevel: LogLevel;

  /** As the operator gave it, checked; may hold a password (see hidePasswords). */
  readonly brokerAddress: string;
  /** undefined = off. */
  readonly embeddedBroker: EmbeddedBrokerConfig | undefined;
  /** '' = none, as for the next four. */
  readonly nkeySeedFile: string;
  readonly credsFile: string;
  readonly rootCaPath: string;
  readonly tlsCertFile: string;
  readonly tlsKeyFile: string;
  readonly natsConnOptTimeoutSeconds: number;
  readonly natsConnectRetryIntervalSeconds: number;
  readonly natsReconnectJitterMs: number;
  readonly natsReconnectJitterTlsSeconds: number;
  readonly compression: '' | 'z' | 'g';
  readonly serialization: '' | 'gob' | 'cbor';

  readonly defaultMessageTimeoutSeconds: number;
  readonly defaultMessageRetries: number;
  readonly defaultMethodTimeoutSeconds: number;
  /** May be longer than a timer can wait: at most ten years. */
  readonly messageTtlSeconds: number;
  readonly scheduleGraceSeconds: number;
  readonly errorMessageTimeoutSeconds: number;
  readonly errorMessageRetries: number;

  /** Folders are as given, relative to the working directory where they are relative. */
  readonly socketFolder: string;
  readonly databaseFolder: string;
  readonly subscribersDataFolder: string;
  /** What new files get: 0755 less umask, or 0600. */
  readonly fileMode: 'original' | 'private';
  readonly followLinks: boolean;
  /** Why listeners that are set stay closed, a sentence each. */
  readonly closedListeners: readonly string[];
  /** undefined = off, as for the next six. */
  readonly tcpListener: HostAndPort | undefined;
  readonly httpListener: HostAndPort | undefined;
  readonly apiListener: HostAndPort | undefined;
  readonly webListener: HostAndPort | undefined;
  /** A proxy that signs people in to the console. */
  readonly webProxy: WebProxyConfig | undefined;
  readonly webTls: WebTlsConfig | undefined;
  /** Where browsers reach the console; undefined where that is not said. */
  readonly webOrigin: string | undefined;
  readonly promHostAndPort: HostAndPort | undefined;
  readonly exposeDataFolder: HostAndPort | undefined;
  readonly profilingPort: HostAndPort | undefined;
  /** '' = none, as for the next three. At most one of token and file is given. */
  readonly listenerToken: string;
  readonly listenerTokenFile: string;
  /** The file of the token that lets clients of the API look. */
  readonly lookTokenFile: string;
  /** Whether programs of this machine must show the token too. */
  readonly tokenOnLoopback: boolean;
  readonly startupFolder: string;
  readonly readFolder: string;

  readonly startSub: Readonly<Record<SwitchedMethod, boolean>>;
  readonly trust: TrustConfig;
  /** Without them there is no limit. */
  readonly quotas?: QuotaConfig;

  readonly maxMessageBytes: number;
  readonly ledgerKeepDays: number;
  readonly ledgerKeepCount: number;
  /** How much output may wait, bytes; 0 means that the disk decides. */
  readonly outboxBytes: number;
  readonly ledgerOutputBytes: number;
  /** How much data of relayed messages is kept for further targets, bytes. */
  readonly relayKeepBytes: number;
  readonly journalKeepDays: number;
  readonly journalKeepCount: number;
  readonly auditLogMaxBytes: number;
  readonly auditLogKeepFiles: number;
}

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
  const link = oneOf('Link', LINK_PROFILES, settings);
  return Object.freeze({
    nodeName,
    centralNodeName,
    nameCheck: oneOf('NameCheck', ['strict', 'warn'] as const, settings),
    isCentral: nodeName === centralNodeName,
    labels: labelsOf(settings, link),
    configFile: join(values.ConfigFolder, 'config.toml'),
    groupsFile: values.GroupsFile || join(values.ConfigFolder, 'groups.toml'),
    logLevel: oneOf('LogLevel', LOG_LEVELS, settings),
    ...linkConfig(settings, link),
    ...brokerConfig(settings, warnings),
    ...messageConfig(settings),
    socketFolder: values.SocketFolder,
    databaseFolder: values.DatabaseFolder,
    subscribersDataFolder: values.SubscribersDataFolder,
    fileMode: oneOf('FileMode', ['original', 'private'] as const, settings),
    followLinks: values.FollowLinks,
    ...listenerConfig(settings, warnings),
    webProxy: webProxyConfig(settings),
    webTls: webTlsConfig(settings),
    webOrigin: webOrigin(settings),
    startSub: startSubOf(settings),
    trust: trustConfig(settings),
    quotas: quotaConfig(settings),
    ...keepingConfig(settings),
  });
}

function brokerConfig(settings: Settings, warnings: string[]) {
  const { values } = settings;
  const fault = brokerAddressFault(values.BrokerAddress);
  if (fault !== undefined) throw settings.fault('BrokerAddress', fault);
  const embeddedBroker = embeddedBrokerConfig(settings);
  return {
    brokerAddress: brokerAddressOf(settings, embeddedBroker),
    embeddedBroker,
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
    outboxBytes: values.OutboxMB * 1024 * 1024,
    ledgerOutputBytes: values.LedgerOutputKB * 1024,
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
  const fault = nodeNameFault(value);
  if (fault !== undefined) throw settings.fault(key, `is no node name: it ${fault}`);
  return value;
}

function startSubOf({ values }: Settings): Config['startSub'] {
  const entries = SWITCHED.map((method) => [method, values[`StartSub${method}`]]);
  return Object.freeze(Object.fromEntries(entries) as Record<SwitchedMethod, boolean>);
}

/** What others see of a node, and choose it by; among that how it uses its link, where that is not the usual way. */
function labelsOf(settings: Settings, link: LinkProfile): Config['labels'] {
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
function compressionOf(settings: Settings, warnings: string[]): Config['compression'] {
  const value = settings.values.Compression;
  if (value === '' || value === 'z' || value === 'g') return value;
  warnings.push(
    `${settings.fault('Compression', 'is not known (z = zstd, g = gzip): sending without').message}`,
  );
  return '';
}

/** As the original: what it does not know is no reason not to start. */
function serializationOf(settings: Settings, warnings: string[]): Config['serialization'] {
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
