/** The largest number of seconds that still fits a timer (2^31 - 1 ms, a little under 25 days). */
export const MAX_TIMER_SECONDS = 2_147_483;

export type OptionValue = string | number | boolean;

/** The headings under which `--help` and a new config.toml list the options. */
export const OPTION_GROUPS = {
  node: 'The node',
  broker: 'The broker',
  messages: 'Messages',
  listeners: 'Listeners and folders',
  requests: 'Requests that this node takes',
  keeping: 'Limits, and what is kept',
  unused: 'Accepted for existing files and scripts, without effect',
} as const;

/** One row of the table: what a setting is, without its names. */
export interface OptionSpec {
  readonly type: 'string' | 'int' | 'bool';
  readonly default: OptionValue;
  readonly group: keyof typeof OPTION_GROUPS;
  readonly summary: string;
  readonly unit?: 's' | 'ms' | 'KB' | 'MB' | 'days';
  readonly min?: number;
  readonly max?: number;
  /** Whether "" is refused (for strings). */
  readonly required?: boolean;
  /** Whether the default turns true where the node is the central one. */
  readonly onCentral?: boolean;
  /** Whether the value is kept out of messages. */
  readonly isSecret?: boolean;
  /** False for what says where the file is: it would only repeat, or contradict, its own place. */
  readonly inFile?: boolean;
}

/** Whole seconds within a timer's range. */
const seconds = { type: 'int', unit: 's', min: 1, max: MAX_TIMER_SECONDS } as const;
const count = { type: 'int', min: 0, max: 1_000_000_000 } as const;
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
  StartPubREQHello: {
    ...seconds,
    min: 0,
    default: 30,
    group: 'node',
    summary: 'say hello to the central node this often; 0 = never',
  },

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
    summary: 'port of this machine that gives profiles; empty = off',
  },
  ListenerToken: {
    ...{ ...text, isSecret: true },
    group: 'listeners',
    summary: 'what clients must show where a listener is not on loopback',
  },
  ListenerTokenFile: { ...text, group: 'listeners', summary: 'file that holds the listener token' },
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

  ...startSub('REQErrorLog', 'collect the errors of all nodes', { default: false, onCentral: true }),
  ...startSub('REQHello', 'hellos of other nodes'),
  ...startSub('REQToFileAppend', 'append to a file'),
  ...startSub('REQToFile', 'write a file'),
  ...startSub('REQCopyFileFrom', 'read a file and send it on'),
  ...startSub('REQCopyFileTo', 'write a file that was sent'),
  ...startSub('REQPing', 'ping'),
  ...startSub('REQPong', 'answers to a ping'),
  ...startSub('REQCliCommand', 'run a command'),
  ...startSub('REQToConsole', 'print to the console'),
  ...startSub('REQHttpGet', 'fetch a web page'),
  ...startSub('REQTailFile', 'follow a file'),
  ...startSub('REQCliCommandCont', 'run a command and send its output as it comes'),
  ...startSub('REQRelay', 'relay between other nodes', { default: false }),

  MaxMessageMB: {
    ...{ type: 'int', unit: 'MB', min: 1, max: 1024 },
    default: 64,
    group: 'keeping',
    summary: 'largest submission, and largest message once decompressed',
  },
  LedgerKeepDays: { ...days, default: 30, group: 'keeping', summary: 'keep the state of ended requests' },
  LedgerKeepCount: {
    ...count,
    min: 1,
    default: 1_000_000,
    group: 'keeping',
    summary: 'and of at most this many',
  },
  LedgerOutputKB: {
    ...{ type: 'int', unit: 'KB', min: 1, max: 1_000_000 },
    default: 1024,
    group: 'keeping',
    summary: "keep so much of each stream of a request's output",
  },
  JournalKeepDays: { ...days, default: 30, group: 'keeping', summary: 'keep the record of messages taken' },
  JournalKeepCount: {
    ...count,
    min: 1,
    default: 1_000_000,
    group: 'keeping',
    summary: 'and of at most this many',
  },
  AuditLogMaxMB: {
    ...{ type: 'int', unit: 'MB', min: 1, max: 100_000 },
    default: 100,
    group: 'keeping',
    summary: 'size at which a new audit log is begun',
  },
  AuditLogKeepFiles: {
    ...count,
    max: 1000,
    default: 5,
    group: 'keeping',
    summary: 'older audit logs to keep',
  },

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

function startSub<M extends string>(
  method: M,
  summary: string,
  more?: { default: boolean; onCentral?: boolean },
): Record<`StartSub${M}`, { type: 'bool'; default: boolean; group: 'requests'; summary: string }> {
  const spec = { type: 'bool', default: true, group: 'requests', summary, ...more } as const;
  return { [`StartSub${method}`]: spec } as Record<`StartSub${M}`, typeof spec>;
}
