import { inGroup, MAX_TIMER_SECONDS, type OptionSpec, seconds } from './option-spec.ts';
import { START_SUB_SPECS } from './start-sub-specs.ts';
import { WEB_SPECS } from './web-specs.ts';

/** The settings that say how a node uses its link to the broker. */
const LINK_SPECS = {
  StartPubREQHello: {
    ...seconds,
    min: 0,
    default: 30,
    group: 'node',
    summary: 'say hello to the central node this often; 0 = never, 30 = as Link has it',
  },
  Link: {
    type: 'string',
    default: 'default',
    group: 'broker',
    summary: 'default, metered (rare hellos), or calls (connected during calls alone)',
  },
  LinkBudget: {
    type: 'string',
    default: '',
    group: 'broker',
    summary: 'the most that goes over the link a day, both ways, such as 20MB/day; empty = no limit',
  },
  LinkSilence: {
    ...seconds,
    min: 10,
    default: 60,
    group: 'broker',
    summary: 'cut a connection without a byte for this long; 60 = as Link has it',
  },
  LinkCalls: {
    type: 'string',
    default: '6h',
    group: 'broker',
    summary: 'when a node with Link = calls calls: a span (6h), or cron (0 6 * * *)',
  },
  LinkCallLimit: {
    ...seconds,
    min: 0,
    default: 0,
    group: 'broker',
    summary: 'end a call, and attempts at one, after this long; 0 = when all is said',
  },
  LinkCallUrgent: {
    type: 'bool',
    default: true,
    group: 'broker',
    summary: 'call at once for an urgent message that is submitted here',
  },
} as const;

/** Whether config.toml gets it only where somebody gives it: its absence means that nobody has decided. */
const given = { type: 'string', default: '', onlyGiven: true } as const;

/** They count where trust is closed. */
const quota = { type: 'int', min: 0, onlyGiven: true } as const;

/** The settings of who may ask this node for what. */
const TRUST_SPECS = inGroup('trust', {
  Trust: { ...given, default: 'open', summary: 'what others may ask of this node: open, watch or closed' },
  TrustOriginal: { ...given, summary: 'nodes that need not prove who they are, as they cannot: node,node' },
  TrustRelay: { ...given, summary: 'who may reach whom through a third: from:via:to,from:via:to' },
  QuotaMB: {
    ...quota,
    default: 1024,
    unit: 'MB',
    summary: 'what a node may write here unasked in a day; 0 = no limit',
  },
  QuotaFiles: {
    ...quota,
    default: 100_000,
    summary: 'new files and folders a node may begin here unasked in a day; 0 = no limit',
  },
  QuotaWaiting: {
    ...quota,
    default: 5000,
    summary: 'requests of a node, not the central one, that may wait here; 0 = no limit',
  },
  ReplyCommands: {
    type: 'bool',
    default: false,
    onlyGiven: true,
    summary: 'let replies be commands for central, in a closed fleet too',
  },
});

const count = { type: 'int', min: 0, max: 1_000_000_000 } as const;
const keepCount = {
  ...{ ...count, min: 1, default: 1_000_000 },
  summary: 'and of at most this many',
} as const;
const days = { type: 'int', unit: 'days', min: 1, max: 36_500 } as const;
const text = { type: 'string', default: '' } as const;
const folder = { type: 'string', required: true } as const;

/** Every setting, by its TOML key; flag and environment variable follow from it. */
export const SPECS = {
  ...inGroup('node', {
    NodeName: { ...text, required: true, summary: 'name of this node, unique in the fleet' },
    CentralNodeName: { ...text, required: true, summary: 'name of the central node' },
    ConfigFolder: {
      ...folder,
      default: './etc/',
      inFile: false,
      summary: 'folder of config.toml (a flag or environment variable only)',
    },
    NameCheck: {
      ...{ type: 'string', default: 'strict' },
      summary: 'where another node has this name: strict = wait, warn = start',
    },
    Labels: { ...text, summary: 'labels for the node list: key=value,key=value' },
    GroupsFile: { ...text, summary: 'file of groups of nodes; empty = groups.toml in the config folder' },
    LogLevel: {
      type: 'string',
      default: 'info',
      summary: 'least level that is logged: trace, debug, info, warn, error, fatal or silent',
    },
  }),
  ...LINK_SPECS,

  ...inGroup('broker', {
    BrokerAddress: {
      type: 'string',
      default: '127.0.0.1:4222',
      required: true,
      summary: 'host:port, nats:// or tls:// address; several with commas between',
    },
    NkeySeedFile: { ...text, summary: 'file with the nkey seed to sign in with' },
    CredsFile: { ...text, summary: 'file with JWT and seed (.creds) to sign in with' },
    RootCAPath: { ...text, summary: 'file with the root certificate that the broker is checked by' },
    TLSCertFile: { ...text, summary: 'file with the certificate to show the broker' },
    TLSKeyFile: { ...text, summary: 'file with the key of that certificate' },
    NatsConnOptTimeout: { ...seconds, default: 20, summary: 'wait for a connection to open' },
    NatsConnectRetryInterval: { ...seconds, default: 10, summary: 'wait between attempts to connect' },
    NatsReconnectJitter: {
      ...{ ...seconds, unit: 'ms', min: 0, max: MAX_TIMER_SECONDS * 1000 },
      default: 100,
      summary: 'random addition to that wait, without TLS',
    },
    NatsReconnectJitterTLS: {
      ...seconds,
      min: 0,
      default: 5,
      summary: 'random addition to that wait, with TLS',
    },
    EmbeddedBroker: { ...text, summary: 'host:port to run a small broker on, inside this node; empty = off' },
    EmbeddedBrokerUsers: { ...text, summary: 'file of the users who may connect to it' },
    EmbeddedBrokerTLSCert: { ...text, summary: 'file with its certificate' },
    EmbeddedBrokerTLSKey: { ...text, summary: 'file with the key of its certificate' },
    AdmissionFolder: {
      ...text,
      summary: 'folder of the nodes that it lets in by tokens (steward up); empty = off',
    },
    Compression: { ...text, summary: 'of what is sent: z = zstd, g = gzip, empty = none' },
    Serialization: { ...text, summary: 'of what is sent: cbor or gob; empty = gob' },
  }),

  ...inGroup('messages', {
    DefaultMessageTimeout: {
      ...seconds,
      default: 10,
      summary: 'wait for an answer, for messages without ACKTimeout',
    },
    DefaultMessageRetries: { ...count, default: 1, summary: 'retries that a message has by default' },
    DefaultMethodTimeout: {
      ...seconds,
      default: 10,
      summary: 'time a method may take, for messages without methodTimeout',
    },
    MessageTTL: {
      ...seconds,
      max: 3650 * 86_400,
      default: 604_800,
      summary: 'how long a message without retries waits for its node',
    },
    ScheduleGrace: {
      ...seconds,
      max: 86_400,
      default: 60,
      summary: 'how late a run of a schedule may begin, as after a sleep of the machine',
    },
    ErrorMessageTimeout: { ...seconds, default: 60, summary: 'wait for an answer to an error report' },
    ErrorMessageRetries: { ...count, default: 10, summary: 'retries of an error report' },
  }),

  ...inGroup('listeners', {
    SocketFolder: {
      ...folder,
      default: './tmp',
      summary: 'folder of the sockets steward.sock and stew.sock',
    },
    DatabaseFolder: { ...folder, default: './var/lib', summary: 'folder of the database' },
    SubscribersDataFolder: {
      ...folder,
      default: './data',
      summary: 'folder that replies and files are written to',
    },
    FileMode: {
      ...{ type: 'string', default: 'original' },
      summary: 'mode of new files: original = 0755 less umask, private = 0600',
    },
    FollowLinks: {
      ...{ type: 'bool', default: false },
      summary: 'follow symbolic links that lead out of the data folder',
    },
    TCPListener: { ...text, summary: 'host:port to take messages on by TCP; empty = off' },
    HTTPListener: { ...text, summary: 'host:port to take messages on by HTTP; empty = off' },
    ApiListener: {
      ...text,
      summary: 'host:port to serve the API on, which is on stew.sock too; empty = off',
    },
    WebListener: {
      ...text,
      summary: 'host:port of the console; not on a loopback address it needs WebCertFile; empty = off',
    },
    ...WEB_SPECS,
    PromHostAndPort: { ...text, summary: 'host:port of the Prometheus metrics; empty = off' },
    ExposeDataFolder: { ...text, summary: 'host:port to show the data folder on; empty = off' },
    ProfilingPort: { ...text, summary: 'port of this machine that serves profiles; empty = off' },
    ListenerToken: {
      ...{ ...text, isSecret: true },
      summary: 'what clients must show at listeners, on loopback where trust is closed',
    },
    ListenerTokenFile: { ...text, summary: 'file that holds the listener token' },
    LookTokenFile: {
      ...text,
      summary: 'file with a token that lets clients of -apiListener look, and change nothing',
    },
    StartupFolder: {
      ...text,
      summary: 'folder of messages that are sent at each start, such as ./startup; empty = off',
    },
    ReadFolder: { ...text, summary: 'folder whose message files are sent as they come; empty = off' },
  }),

  ...START_SUB_SPECS,

  ...inGroup('keeping', {
    MaxMessageMB: {
      ...{ type: 'int', unit: 'MB', min: 1, max: 1024 },
      default: 64,
      summary: 'largest submission, and largest message once decompressed',
    },
    OutboxMB: {
      ...{ type: 'int', unit: 'MB', min: 0, max: 10_000_000 },
      default: 0,
      summary: 'room for output to absent nodes; 0 = 1 GB, at most a tenth of the disk',
    },
    LedgerKeepDays: { ...days, default: 30, summary: 'keep the state of ended requests' },
    LedgerKeepCount: keepCount,
    LedgerOutputKB: {
      ...{ type: 'int', unit: 'KB', min: 1, max: 1_000_000 },
      default: 1024,
      summary: "keep so much of each stream of a request's output",
    },
    RelayKeepMB: {
      ...{ type: 'int', unit: 'MB', min: 0, max: 1_000_000 },
      default: 256,
      summary: 'keep so much of what is relayed, for further targets; 0: none',
    },
    JournalKeepDays: { ...days, default: 30, summary: 'keep the record of messages taken' },
    JournalKeepCount: keepCount,
    AuditLogMaxMB: {
      ...{ type: 'int', unit: 'MB', min: 1, max: 100_000 },
      default: 100,
      summary: 'size at which a new audit log, or error.log, is begun',
    },
    AuditLogKeepFiles: { ...count, max: 1000, default: 5, summary: 'older ones to keep' },
  }),

  ...TRUST_SPECS,

  ...inGroup('unused', {
    RingBufferSize: { ...count, default: 1000, summary: 'the queue is on disk and has no such limit' },
    SetBlockProfileRate: { ...count, default: 0, summary: 'see ProfilingPort' },
  }),
} as const satisfies Record<string, OptionSpec>;
