import { LINK_SPECS } from './link-specs.ts';
import { MAX_TIMER_SECONDS, type OptionSpec, seconds } from './option-spec.ts';
import { START_SUB_SPECS } from './start-sub-specs.ts';
import { TRUST_SPECS } from './trust-specs.ts';
import { WEB_SPECS } from './web-specs.ts';

const count = { type: 'int', min: 0, max: 1_000_000_000 } as const;
const keepCount = {
  ...{ ...count, min: 1, default: 1_000_000 },
  group: 'keeping',
  summary: 'and of at most this many',
} as const;
const days = { type: 'int', unit: 'days', min: 1, max: 36_500 } as const;
const text = { type: 'string', default: '' } as const;
const folder = { type: 'string', required: true, group: 'listeners' } as const;

/** Every setting, by its TOML key; flag and environment variable follow from it. */
export const SPECS = {
  NodeName: { ...text, required: true, group: 'node', summary: 'name of this node, unique in the fleet' },
  CentralNodeName: { ...text, required: true, group: 'node', summary: 'name of the central node' },
  ConfigFolder: {
    ...folder,
    default: './etc/',
    group: 'node',
    inFile: false,
    summary: 'folder of config.toml (a flag or environment variable only)',
  },
  NameCheck: {
    ...{ type: 'string', default: 'strict' },
    group: 'node',
    summary: 'where another node has this name: strict = wait, warn = start',
  },
  Labels: { ...text, group: 'node', summary: 'labels for the node list: key=value,key=value' },
  GroupsFile: {
    ...text,
    group: 'node',
    summary: 'file of groups of nodes; empty = groups.toml in the config folder',
  },
  LogLevel: {
    type: 'string',
    default: 'info',
    group: 'node',
    summary: 'least level that is logged: trace, debug, info, warn, error, fatal or silent',
  },
  ...LINK_SPECS,

  BrokerAddress: {
    type: 'string',
    default: '127.0.0.1:4222',
    required: true,
    group: 'broker',
    summary: 'host:port, nats:// or tls:// address; several with commas between',
  },
  NkeySeedFile: { ...text, group: 'broker', summary: 'file with the nkey seed to sign in with' },
  CredsFile: { ...text, group: 'broker', summary: 'file with JWT and seed (.creds) to sign in with' },
  RootCAPath: {
    ...text,
    group: 'broker',
    summary: 'file with the root certificate that the broker is checked by',
  },
  TLSCertFile: { ...text, group: 'broker', summary: 'file with the certificate to show the broker' },
  TLSKeyFile: { ...text, group: 'broker', summary: 'file with the key of that certificate' },
  NatsConnOptTimeout: { ...seconds, default: 20, group: 'broker', summary: 'wait for a connection to open' },
  NatsConnectRetryInterval: {
    ...seconds,
    default: 10,
    group: 'broker',
    summary: 'wait between attempts to connect',
  },
  NatsReconnectJitter: {
    ...{ ...seconds, unit: 'ms', min: 0, max: MAX_TIMER_SECONDS * 1000 },
    default: 100,
    group: 'broker',
    summary: 'random addition to that wait, without TLS',
  },
  NatsReconnectJitterTLS: {
    ...seconds,
    min: 0,
    default: 5,
    group: 'broker',
    summary: 'random addition to that wait, with TLS',
  },
  EmbeddedBroker: {
    ...text,
    group: 'broker',
    summary: 'host:port to run a small broker on, inside this node; empty = off',
  },
  EmbeddedBrokerUsers: { ...text, group: 'broker', summary: 'file of the users who may connect to it' },
  EmbeddedBrokerTLSCert: { ...text, group: 'broker', summary: 'file with its certificate' },
  EmbeddedBrokerTLSKey: { ...text, group: 'broker', summary: 'file with the key of its certificate' },
  AdmissionFolder: {
    ...text,
    group: 'broker',
    summary: 'folder of the nodes that it lets in by tokens (steward up); empty = off',
  },
  Compression: { ...text, group: 'broker', summary: 'of what is sent: z = zstd, g = gzip, empty = none' },
  Serialization: { ...text, group: 'broker', summary: 'of what is sent: cbor or gob; empty = gob' },

  DefaultMessageTimeout: {
    ...seconds,
    default: 10,
    group: 'messages',
    summary: 'wait for an answer, for messages without ACKTimeout',
  },
  DefaultMessageRetries: {
    ...count,
    default: 1,
    group: 'messages',
    summary: 'retries that a message has by default',
  },
  DefaultMethodTimeout: {
    ...seconds,
    default: 10,
    group: 'messages',
    summary: 'time a method may take, for messages without methodTimeout',
  },
  MessageTTL: {
    ...seconds,
    max: 3650 * 86_400,
    default: 604_800,
    group: 'messages',
    summary: 'how long a message without retries waits for its node',
  },
  ScheduleGrace: {
    ...seconds,
    max: 86_400,
    default: 60,
    group: 'messages',
    summary: 'how late a run of a schedule may begin, as after a sleep of the machine',
  },
  ErrorMessageTimeout: {
    ...seconds,
    default: 60,
    group: 'messages',
    summary: 'wait for an answer to an error report',
  },
  ErrorMessageRetries: { ...count, default: 10, group: 'messages', summary: 'retries of an error report' },

  SocketFolder: { ...folder, default: './tmp', summary: 'folder of the sockets steward.sock and stew.sock' },
  DatabaseFolder: { ...folder, default: './var/lib', summary: 'folder of the database' },
  SubscribersDataFolder: {
    ...folder,
    default: './data',
    summary: 'folder that replies and files are written to',
  },
  FileMode: {
    ...{ type: 'string', default: 'original' },
    group: 'listeners',
    summary: 'mode of new files: original = 0755 less umask, private = 0600',
  },
  FollowLinks: {
    ...{ type: 'bool', default: false },
    group: 'listeners',
    summary: 'follow symbolic links that lead out of the data folder',
  },
  TCPListener: { ...text, group: 'listeners', summary: 'host:port to take messages on by TCP; empty = off' },
  HTTPListener: {
    ...text,
    group: 'listeners',
    summary: 'host:port to take messages on by HTTP; empty = off',
  },
  ApiListener: {
    ...text,
    group: 'listeners',
    summary: 'host:port to serve the API on, which is on stew.sock too; empty = off',
  },
  WebListener: {
    ...text,
    group: 'listeners',
    summary: 'host:port to serve the console on; not on a loopback address it needs WebCertFile; empty = off',
  },
  ...WEB_SPECS,
  PromHostAndPort: {
    ...text,
    group: 'listeners',
    summary: 'host:port of the Prometheus metrics; empty = off',
  },
  ExposeDataFolder: {
    ...text,
    group: 'listeners',
    summary: 'host:port to show the data folder on; empty = off',
  },
  ProfilingPort: {
    ...text,
    group: 'listeners',
    summary: 'port of this machine that serves profiles; empty = off',
  },
  ListenerToken: {
    ...{ ...text, isSecret: true },
    group: 'listeners',
    summary: 'what clients must show at listeners, on loopback where trust is closed',
  },
  ListenerTokenFile: { ...text, group: 'listeners', summary: 'file that holds the listener token' },
  LookTokenFile: {
    ...text,
    group: 'listeners',
    summary: 'file with a token that lets clients of -apiListener look, and change nothing',
  },
  StartupFolder: {
    ...text,
    group: 'listeners',
    summary: 'folder of messages that are sent at each start, such as ./startup; empty = off',
  },
  ReadFolder: {
    ...text,
    group: 'listeners',
    summary: 'folder whose message files are sent as they come; empty = off',
  },

  ...START_SUB_SPECS,

  MaxMessageMB: {
    ...{ type: 'int', unit: 'MB', min: 1, max: 1024 },
    default: 64,
    group: 'keeping',
    summary: 'largest submission, and largest message once decompressed',
  },
  OutboxMB: {
    ...{ type: 'int', unit: 'MB', min: 0, max: 10_000_000 },
    default: 0,
    group: 'keeping',
    summary: 'room for output to absent nodes; 0 = 1 GB, at most a tenth of the disk',
  },
  LedgerKeepDays: { ...days, default: 30, group: 'keeping', summary: 'keep the state of ended requests' },
  LedgerKeepCount: keepCount,
  LedgerOutputKB: {
    ...{ type: 'int', unit: 'KB', min: 1, max: 1_000_000 },
    default: 1024,
    group: 'keeping',
    summary: "keep so much of each stream of a request's output",
  },
  JournalKeepDays: { ...days, default: 30, group: 'keeping', summary: 'keep the record of messages taken' },
  JournalKeepCount: keepCount,
  AuditLogMaxMB: {
    ...{ type: 'int', unit: 'MB', min: 1, max: 100_000 },
    default: 100,
    group: 'keeping',
    summary: 'size at which a new audit log, or error.log, is begun',
  },
  AuditLogKeepFiles: {
    ...count,
    max: 1000,
    default: 5,
    group: 'keeping',
    summary: 'older ones to keep',
  },

  ...TRUST_SPECS,

  RingBufferSize: {
    ...count,
    default: 1000,
    group: 'unused',
    summary: 'the queue is on disk and has no such limit',
  },
  SetBlockProfileRate: {
    ...count,
    default: 0,
    group: 'unused',
    summary: 'see ProfilingPort',
  },
} as const satisfies Record<string, OptionSpec>;
