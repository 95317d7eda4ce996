import { isLoopback } from '../lib/is-loopback.ts';
import { type HostAndPort, parseHostAndPort } from './host-and-port.ts';
import type { OptionKey } from './options.ts';
import type { Settings } from './settings.ts';

/** Listeners that anybody who reaches them could give orders to, or read data from. */
const GUARDED = ['TCPListener', 'HTTPListener', 'ApiListener', 'ExposeDataFolder'] as const;

type PlaceKey = (typeof GUARDED)[number] | 'PromHostAndPort';

/** The settings of listeners and of the folders that messages come from. Throws ConfigError. */
export function listenerConfig(settings: Settings) {
  const { values } = settings;
  for (const key of GUARDED) checkGuard(key, settings);
  checkToken(settings);
  return {
    tcpListener: placeOf('TCPListener', settings),
    httpListener: placeOf('HTTPListener', settings),
    apiListener: placeOf('ApiListener', settings),
    promHostAndPort: placeOf('PromHostAndPort', settings),
    exposeDataFolder: placeOf('ExposeDataFolder', settings),
    profilingPort: profilingPlace(settings),
    listenerToken: values.ListenerToken,
    listenerTokenFile: values.ListenerTokenFile,
    startupFolder: values.StartupFolder,
    readFolder: values.ReadFolder,
  };
}

function placeOf(key: PlaceKey, settings: Settings): HostAndPort | undefined {
  const text = settings.values[key];
  if (text === '') return undefined;
  const place = parseHostAndPort(text);
  if (place === undefined) throw settings.fault(key, 'is not host:port, or :port for every interface');
  return Object.freeze(place);
}

function checkGuard(key: (typeof GUARDED)[number], settings: Settings): void {
  const place = placeOf(key, settings);
  const { ListenerToken, ListenerTokenFile } = settings.values;
  if (place === undefined || isLoopback(place.host) || ListenerToken !== '' || ListenerTokenFile !== '')
    return;
  throw settings.fault(
    key,
    'can be reached from other machines, so it needs a token: set LISTENER_TOKEN, -listenerTokenFile or -listenerToken, or listen on 127.0.0.1',
  );
}

function checkToken(settings: Settings): void {
  const { ListenerToken: token, ListenerTokenFile: file } = settings.values;
  if (token !== '' && file !== '') {
    throw settings.fault('ListenerTokenFile', 'is given beside ListenerToken: empty one of the two');
  }
  const fault = tokenFault(token);
  if (fault !== undefined) throw settings.fault('ListenerToken', fault);
}

/** Why a token cannot be sent in a header or a line, as a sentence's end, or undefined; '' is none and passes. */
export function tokenFault(token: string): string | undefined {
  return /^[\x21-\x7e]*$/.test(token) ? undefined : 'must be of visible ASCII characters, without spaces';
}

/** A port alone, or a place on this machine: profiles show what is in memory. */
function profilingPlace(settings: Settings): HostAndPort | undefined {
  const text = settings.values.ProfilingPort;
  if (text === '') return undefined;
  const key: OptionKey = 'ProfilingPort';
  const place = parseHostAndPort(/^:?\d+$/.test(text) ? `127.0.0.1:${text.replace(':', '')}` : text);
  if (place === undefined) throw settings.fault(key, 'is neither a port nor host:port');
  if (!isLoopback(place.host)) throw settings.fault(key, 'is open to this machine alone: give a port');
  return Object.freeze(place);
}
