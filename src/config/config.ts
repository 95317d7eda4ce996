import { join } from 'node:path';
import { nodeNameFault } from '../message/names.ts';
import { brokerAddressFault } from './broker-address.ts';
import {
  brokerAddressOf,
  type EmbeddedBrokerConfig,
  embeddedBrokerConfig,
} from './embedded-broker-config.ts';
import type { HostAndPort } from './host-and-port.ts';
import { parseLabels } from './labels.ts';
import { listenerConfig } from './listener-config.ts';
import { valueFault } from './option-value.ts';
import { OPTIONS, type OptionKey } from './options.ts';
import type { Settings } from './settings.ts';

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
export interface Config {
  readonly nodeName: string;
  readonly centralNodeName: string;
  /** Whether this node is the central one. */
  readonly isCentral: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** May not be there; then there are no groups. */
  readonly groupsFile: string;
  readonly logLevel: LogLevel;
  /** 0 = no hellos. */
  readonly helloIntervalSeconds: number;

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
  readonly errorMessageTimeoutSeconds: number;
  readonly errorMessageRetries: number;

  /** Folders are as given, relative to the working directory where they are relative. */
  readonly socketFolder: string;
  readonly databaseFolder: string;
  readonly subscribersDataFolder: string;
  /** undefined = off, as for the next five. */
  readonly tcpListener: HostAndPort | undefined;
  readonly httpListener: HostAndPort | undefined;
  readonly apiListener: HostAndPort | undefined;
  readonly promHostAndPort: HostAndPort | undefined;
  readonly exposeDataFolder: HostAndPort | undefined;
  readonly profilingPort: HostAndPort | undefined;
  /** '' = none, as for the next three. At most one of token and file is given. */
  readonly listenerToken: string;
  readonly listenerTokenFile: string;
  readonly startupFolder: string;
  readonly readFolder: string;

  readonly startSub: Readonly<Record<SwitchedMethod, boolean>>;

  readonly maxMessageBytes: number;
  readonly ledgerKeepDays: number;
  readonly ledgerKeepCount: number;
  readonly ledgerOutputBytes: number;
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
  return Object.freeze({
    nodeName,
    centralNodeName,
    isCentral: nodeName === centralNodeName,
    labels: labelsOf(settings),
    groupsFile: values.GroupsFile || join(values.ConfigFolder, 'groups.toml'),
    logLevel: oneOf('LogLevel', LOG_LEVELS, settings),
    helloIntervalSeconds: values.StartPubREQHello,
    ...brokerConfig(settings, warnings),
    ...messageConfig(settings),
    socketFolder: values.SocketFolder,
    databaseFolder: values.DatabaseFolder,
    subscribersDataFolder: values.SubscribersDataFolder,
    ...listenerConfig(settings),
    startSub: startSubOf(settings),
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
    serialization: oneOf('Serialization', ['', 'gob', 'cbor'] as const, settings),
  };
}

function messageConfig({ values }: Settings) {
  return {
    defaultMessageTimeoutSeconds: values.DefaultMessageTimeout,
    defaultMessageRetries: values.DefaultMessageRetries,
    defaultMethodTimeoutSeconds: values.DefaultMethodTimeout,
    messageTtlSeconds: values.MessageTTL,
    errorMessageTimeoutSeconds: values.ErrorMessageTimeout,
    errorMessageRetries: values.ErrorMessageRetries,
  };
}

function keepingConfig({ values }: Settings) {
  return {
    maxMessageBytes: values.MaxMessageMB * 1024 * 1024,
    ledgerKeepDays: values.LedgerKeepDays,
    ledgerKeepCount: values.LedgerKeepCount,
    ledgerOutputBytes: values.LedgerOutputKB * 1024,
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

function labelsOf(settings: Settings): Config['labels'] {
  const parsed = parseLabels(settings.values.Labels);
  if (!parsed.ok) throw settings.fault('Labels', parsed.fault);
  return parsed.labels;
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

function oneOf<T extends string>(key: OptionKey, allowed: readonly T[], settings: Settings): T {
  const found = allowed.find((candidate) => candidate === settings.values[key]);
  if (found !== undefined) return found;
  const names = allowed.filter((candidate) => candidate !== '');
  throw settings.fault(key, `is not one of ${names.join(', ')}`);
}
