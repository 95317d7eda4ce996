import { type HostAndPort, parseHostAndPort } from '../lib/host-and-port.ts';
import { isLoopback } from '../lib/is-loopback.ts';
import type { ConfigError } from './config-error.ts';
import { type OptionKey, optionOf } from './options.ts';
import type { Settings } from './settings.ts';

/** Listeners that anybody who reaches them could give orders to, or read data from. */
const GUARDED = ['TCPListener', 'HTTPListener', 'ApiListener', 'ExposeDataFolder'] as const;
/** Those of them that the original serves to everybody: a node that is upgraded from afar must not stay off for them. */
const KEPT_CLOSED = ['TCPListener', 'HTTPListener', 'ExposeDataFolder'] as const;

type AddressKey = (typeof GUARDED)[number] | 'PromHostAndPort' | 'WebListener';

/** The settings of listeners and of the folders that messages come from. Throws ConfigError. */
export function listenerConfig(settings: Settings, warnings: string[]) {
  const { values } = settings;
  const apiFault = guardFault('ApiListener', settings);
  if (apiFault) throw apiFault;
  checkToken(settings);
  warnings.push(...tokenWarnings(settings));
  return {
    /** Why listeners that are set stay closed, a sentence each. */
    closedListeners: KEPT_CLOSED.flatMap((key) => guardFault(key, settings)?.message ?? []),
    /** undefined = off, as for the next five. */
    tcpListener: openAddressOf('TCPListener', settings),
    httpListener: openAddressOf('HTTPListener', settings),
    apiListener: addressOf('ApiListener', settings),
    webListener: webAddress(settings),
    promHostAndPort: addressOf('PromHostAndPort', settings),
    exposeDataFolder: openAddressOf('ExposeDataFolder', settings),
    profilingPort: profilingAddress(settings),
    /** '' = none, as for the next two. At most one of token and file is given. */
    listenerToken: values.ListenerToken,
    listenerTokenFile: values.ListenerTokenFile,
    /** The file of the token that lets clients of the API look. */
    lookTokenFile: values.LookTokenFile,
    /** Whether programs of this machine must show the token too. */
    tokenOnLoopback: values.Trust === 'closed',
    startupFolder: values.StartupFolder,
    readFolder: values.ReadFolder,
  };
}

function addressOf(key: AddressKey, settings: Settings): HostAndPort | undefined {
  const text = settings.values[key];
  if (text === '') return undefined;
  const address = parseHostAndPort(text);
  if (address === undefined) throw settings.fault(key, 'is not host:port, or :port for every interface');
  return Object.freeze(address);
}

/** The console gives orders: other machines reach it by TLS, or where somebody said that they may do so without. */
function webAddress(settings: Settings): HostAndPort | undefined {
  const address = addressOf('WebListener', settings);
  const { WebCertFile, WebPlainText } = settings.values;
  if (address === undefined || isLoopback(address.host) || WebCertFile !== '' || WebPlainText) return address;
  throw settings.fault(
    'WebListener',
    'can be reached from other machines, so it needs a certificate: set WebCertFile and WebKeyFile, or WebPlainText in a network that encrypts by itself, or listen on 127.0.0.1 and reach it with ssh -L',
  );
}

/** The place of a listener; undefined where it has to stay closed. */
function openAddressOf(key: (typeof KEPT_CLOSED)[number], settings: Settings): HostAndPort | undefined {
  return guardFault(key, settings) ? undefined : addressOf(key, settings);
}

/** Why a listener must not be open, where others can reach it and nobody has to show a token. */
function guardFault(key: (typeof GUARDED)[number], settings: Settings): ConfigError | undefined {
  const address = addressOf(key, settings);
  const { ListenerToken, ListenerTokenFile } = settings.values;
  if (address === undefined || isLoopback(address.host) || ListenerToken !== '' || ListenerTokenFile !== '')
    return undefined;
  return settings.fault(
    key,
    'can be reached from other machines, so it needs a token: set LISTENER_TOKEN, -listenerTokenFile or -listenerToken, or listen on 127.0.0.1',
  );
}

/** A node that is not closed goes on as its programs know it: what will be asked of them is said before. */
function tokenWarnings(settings: Settings): string[] {
  const { Trust, ListenerToken, ListenerTokenFile } = settings.values;
  if (Trust === 'closed' || (ListenerToken === '' && ListenerTokenFile === '')) return [];
  const local = GUARDED.filter((key) => {
    const address = addressOf(key, settings);
    return address !== undefined && isLoopback(address.host);
  });
  if (local.length === 0) return [];
  const flags = local.map((key) => `-${optionOf(key).flag}`).join(', ');
  return [
    `there is a listener token, and any user of this machine gets in without it at ${flags}: have the programs there show it, as steward trust close asks for it on loopback too`,
  ];
}

function checkToken(settings: Settings): void {
  const { ListenerToken: token, ListenerTokenFile: file } = settings.values;
  if (token !== '' && file !== '') {
    throw settings.fault('ListenerTokenFile', 'is given together with ListenerToken: empty one of the two');
  }
  const fault = tokenFault(token);
  if (fault !== undefined) throw settings.fault('ListenerToken', fault);
}

/** Why a token cannot be sent in a header or a line, as a sentence's end, or undefined; '' is none and passes. */
export function tokenFault(token: string): string | undefined {
  return /^[\x21-\x7e]*$/.test(token) ? undefined : 'must be of visible ASCII characters, without spaces';
}

/** A port alone, or a address on this machine: profiles show what is in memory. */
function profilingAddress(settings: Settings): HostAndPort | undefined {
  const text = settings.values.ProfilingPort;
  if (text === '') return undefined;
  const key: OptionKey = 'ProfilingPort';
  const address = parseHostAndPort(/^:?\d+$/.test(text) ? `127.0.0.1:${text.replace(':', '')}` : text);
  if (address === undefined) throw settings.fault(key, 'is neither a port nor host:port');
  if (!isLoopback(address.host)) throw settings.fault(key, 'is open to this machine alone: give a port');
  return Object.freeze(address);
}
