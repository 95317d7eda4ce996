import { inGroup, MAX_TIMER_SECONDS, type OptionSpec, rowsOf } from './option-spec.ts';
import { START_SUB_SPECS } from './start-sub-specs.ts';

const word = rowsOf({ type: 'string' });
const folder = rowsOf({ type: 'string', required: true });
const flag = rowsOf({ type: 'bool' });
const count = rowsOf({ type: 'int', min: 0, max: 1_000_000_000 });
const days = rowsOf({ type: 'int', unit: 'days', min: 1, max: 36_500 });
const seconds = rowsOf({ type: 'int', unit: 's', min: 1, max: MAX_TIMER_SECONDS });
const kilobytes = rowsOf({ type: 'int', unit: 'KB' });
const megabytes = rowsOf({ type: 'int', unit: 'MB' });
/** config.toml gets it only where somebody gives it: its absence means that nobody has decided. */
const given = rowsOf({ type: 'string', onlyGiven: true });
/** They count where trust is closed. */
const quota = rowsOf({ type: 'int', min: 0, onlyGiven: true });

/** Every setting, by its TOML key; flag and environment variable follow from it. */
export const SPECS = {
  ...inGroup('node', {
    NodeName: word('', 'name of this node, unique in the fleet', { required: true }),
    CentralNodeName: word('', 'name of the central node', { required: true }),
    ConfigFolder: folder('./etc/', 'folder of config.toml (a flag or environment variable only)', {
      inFile: false,
    }),
    NameCheck: word('strict', 'where another node has this name: strict = wait, warn = start'),
    Labels: word('', 'labels for the node list: key=value,key=value'),
    GroupsFile: word('', 'file of groups of nodes; empty = groups.toml in the config folder'),
    LogLevel: word('info', 'least level that is logged: trace, debug, info, warn, error, fatal or silent'),
    StartPubREQHello: seconds(
      30,
      'say hello to the central node this often; 0 = never, 30 = as Link has it',
      { min: 0 },
    ),
  }),

  ...inGroup('broker', {
    Link: word('default', 'default, metered (rare hellos), or calls (connected during calls alone)'),
    LinkBudget: word(
      '',
      'the most that goes over the link a day, both ways, such as 20MB/day; empty = no limit',
    ),
    LinkSilence: seconds(60, 'cut a connection without a byte for this long; 60 = as Link has it', {
      min: 10,
    }),
    LinkCalls: word('6h', 'when a node with Link = calls calls: a span (6h), or cron (0 6 * * *)'),
    LinkCallLimit: seconds(0, 'end a call, and attempts at one, after this long; 0 = when all is said', {
      min: 0,
    }),
    LinkCallUrgent: flag(true, 'call at once for an urgent message that is submitted here'),
    BrokerAddress: word(
      '127.0.0.1:4222',
      'host:port, nats:// or tls:// address; several with commas between',
      { required: true },
    ),
    NkeySeedFile: word('', 'file with the nkey seed to sign in with'),
    CredsFile: word('', 'file with JWT and seed (.creds) to sign in with'),
    RootCAPath: word('', 'file with the root certificate that the broker is checked by'),
    TLSCertFile: word('', 'file with the certificate to show the broker'),
    TLSKeyFile: word('', 'file with the key of that certificate'),
    NatsConnOptTimeout: seconds(20, 'wait for a connection to open'),
    NatsConnectRetryInterval: seconds(10, 'wait between attempts to connect'),
    NatsReconnectJitter: seconds(100, 'random addition to that wait, without TLS', {
      unit: 'ms',
      min: 0,
      max: MAX_TIMER_SECONDS * 1000,
    }),
    NatsReconnectJitterTLS: seconds(5, 'random addition to that wait, with TLS', { min: 0 }),
    EmbeddedBroker: word('', 'host:port to run a small broker on, inside this node; empty = off'),
    EmbeddedBrokerUsers: word('', 'file of the users who may connect to it'),
    EmbeddedBrokerTLSCert: word('', 'file with its certificate'),
    EmbeddedBrokerTLSKey: word('', 'file with the key of its certificate'),
    AdmissionFolder: word('', 'folder of the nodes that it lets in by tokens (steward up); empty = off'),
    Compression: word('', 'of what is sent: z = zstd, g = gzip, empty = none'),
    Serialization: word('', 'of what is sent: cbor or gob; empty = gob'),
  }),

  ...inGroup('messages', {
    DefaultMessageTimeout: seconds(10, 'wait for an answer, for messages without ACKTimeout'),
    DefaultMessageRetries: count(1, 'retries that a message has by default'),
    DefaultMethodTimeout: seconds(10, 'time a method may take, for messages without methodTimeout'),
    MessageTTL: seconds(604_800, 'how long a message without retries waits for its node', {
      max: 3650 * 86_400,
    }),
    ScheduleGrace: seconds(60, 'how late a run of a schedule may begin, as after a sleep of the machine', {
      max: 86_400,
    }),
    ErrorMessageTimeout: seconds(60, 'wait for an answer to an error report'),
    ErrorMessageRetries: count(10, 'retries of an error report'),
  }),

  ...inGroup('listeners', {
    SocketFolder: folder('./tmp', 'folder of the sockets steward.sock and stew.sock'),
    DatabaseFolder: folder('./var/lib', 'folder of the database'),
    SubscribersDataFolder: folder('./data', 'folder that replies and files are written to'),
    FileMode: word('original', 'mode of new files: original = 0755 less umask, private = 0600'),
    FollowLinks: flag(false, 'follow symbolic links that lead out of the data folder'),
    TCPListener: word('', 'host:port to take messages on by TCP; empty = off'),
    HTTPListener: word('', 'host:port to take messages on by HTTP; empty = off'),
    ApiListener: word('', 'host:port to serve the API on, which is on stew.sock too; empty = off'),
    WebListener: word(
      '',
      'host:port of the console; not on a loopback address it needs WebCertFile; empty = off',
    ),
    WebCertFile: given('', 'certificate of the console, PEM, with those that vouch for it; empty = no TLS'),
    WebKeyFile: given('', 'its key, PEM'),
    WebPlainText: flag(false, 'serve the console to other machines without encryption, as in a VPN', {
      onlyGiven: true,
    }),
    WebProxies: given(
      '',
      'addresses of proxies that sign people in to the console: address,address; empty = none',
    ),
    WebProxySecretFile: given('', 'file with the secret that such a proxy sends as X-Steward-Proxy'),
    WebOrigin: given(
      '',
      'where browsers reach the console or its proxy, such as https://steward.example.org',
    ),
    WebUserHeader: given('', 'header in which the proxy names the user, such as X-Forwarded-User'),
    WebGroupsHeader: given('', 'header in which it names their groups: group,group; empty = none'),
    WebActUsers: given('', 'users of the proxy who may act: user,user; all others look'),
    WebActGroups: given('', 'groups of the proxy whose users may act: group,group'),
    PromHostAndPort: word('', 'host:port of the Prometheus metrics; empty = off'),
    ExposeDataFolder: word('', 'host:port to show the data folder on; empty = off'),
    ProfilingPort: word('', 'port of this machine that serves profiles; empty = off'),
    ListenerToken: word('', 'what clients must show at listeners, on loopback where trust is closed', {
      isSecret: true,
    }),
    ListenerTokenFile: word('', 'file that holds the listener token'),
    LookTokenFile: word('', 'file with a token that lets clients of -apiListener look, and change nothing'),
    StartupFolder: word('', 'folder of messages that are sent at each start, such as ./startup; empty = off'),
    ReadFolder: word('', 'folder whose message files are sent as they come; empty = off'),
  }),

  ...START_SUB_SPECS,

  ...inGroup('keeping', {
    MaxMessageMB: megabytes(64, 'largest submission, and largest message once decompressed', {
      min: 1,
      max: 1024,
    }),
    OutboxMB: megabytes(0, 'room for output to absent nodes; 0 = 1 GB, at most a tenth of the disk', {
      min: 0,
      max: 10_000_000,
    }),
    LedgerKeepDays: days(30, 'keep the state of ended requests'),
    LedgerKeepCount: count(1_000_000, 'and of at most this many', { min: 1 }),
    LedgerOutputKB: kilobytes(1024, "keep so much of each stream of a request's output", {
      min: 1,
      max: 1_000_000,
    }),
    RelayKeepMB: megabytes(256, 'keep so much of what is relayed, for further targets; 0: none', {
      min: 0,
      max: 1_000_000,
    }),
    JournalKeepDays: days(30, 'keep the record of messages taken'),
    JournalKeepCount: count(1_000_000, 'and of at most this many', { min: 1 }),
    AuditLogMaxMB: megabytes(100, 'size at which a new audit log, or error.log, is begun', {
      min: 1,
      max: 100_000,
    }),
    AuditLogKeepFiles: count(5, 'older ones to keep', { max: 1000 }),
  }),

  ...inGroup('trust', {
    Trust: given('open', 'what others may ask of this node: open, watch or closed'),
    TrustOriginal: given('', 'nodes that need not prove who they are, as they cannot: node,node'),
    TrustRelay: given('', 'who may reach whom through a third: from:via:to,from:via:to'),
    QuotaMB: quota(1024, 'what a node may write here unasked in a day; 0 = no limit', { unit: 'MB' }),
    QuotaFiles: quota(100_000, 'new files and folders a node may begin here unasked in a day; 0 = no limit'),
    QuotaWaiting: quota(5000, 'requests of a node, not the central one, that may wait here; 0 = no limit'),
    ReplyCommands: flag(false, 'let replies be commands for central, in a closed fleet too', {
      onlyGiven: true,
    }),
  }),

  ...inGroup('unused', {
    RingBufferSize: count(1000, 'the queue is on disk and has no such limit'),
    SetBlockProfileRate: count(0, 'see ProfilingPort'),
  }),
} as const satisfies Record<string, OptionSpec>;
