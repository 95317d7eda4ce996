import { isIP } from 'node:net';
import { itemsOf } from './option-value.ts';
import type { OptionKey } from './options.ts';
import type { Settings } from './settings.ts';

/** A proxy that signs people in to the console. */
export interface WebProxyConfig {
  readonly addresses: readonly string[];
  readonly secretFile: string;
  /** `https://` and the host, with its port where it is not 443. */
  readonly origin: string;
  /** Names of headers, in small letters; '' = none. */
  readonly userHeader: string;
  readonly groupsHeader: string;
  readonly actUsers: readonly string[];
  readonly actGroups: readonly string[];
}

/** Files of the console's certificate and its key, PEM. */
export interface WebTlsConfig {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Reads where the console's certificate is; undefined where it has none. Throws ConfigError. */
export function webTlsConfig(settings: Settings): WebTlsConfig | undefined {
  const { WebCertFile: certFile, WebKeyFile: keyFile } = settings.values;
  if (certFile === '' && keyFile === '') return undefined;
  if (certFile === '') throw settings.fault('WebCertFile', 'is needed where WebKeyFile names the key to it');
  if (keyFile === '') throw settings.fault('WebKeyFile', 'is needed where WebCertFile names a certificate');
  return { certFile, keyFile };
}

/** Headers that browsers and HTTP itself fill in: they name nobody. */
const TAKEN: ReadonlySet<string> = new Set(['host', 'cookie', 'origin', 'authorization', 'x-steward-proxy']);

/** Reads what the settings say of proxies; undefined where there is none. Throws ConfigError. */
export function webProxyConfig(settings: Settings): WebProxyConfig | undefined {
  const { values } = settings;
  const addresses = itemsOf(values.WebProxies);
  if (addresses.length === 0) return undefined;
  const wrong = addresses.find((address) => isIP(address) === 0);
  if (wrong !== undefined)
    throw settings.fault('WebProxies', `has ${JSON.stringify(wrong)}, which is no address`);
  for (const key of ['WebProxySecretFile', 'WebOrigin', 'WebUserHeader'] as const)
    if (values[key] === '') throw settings.fault(key, 'is needed where WebProxies names some');
  return {
    addresses,
    secretFile: values.WebProxySecretFile,
    origin: webOrigin(settings)!,
    userHeader: headerOf('WebUserHeader', settings),
    groupsHeader: headerOf('WebGroupsHeader', settings),
    actUsers: itemsOf(values.WebActUsers),
    actGroups: itemsOf(values.WebActGroups),
  };
}

/** Where browsers reach the console; undefined where that is not said. Throws ConfigError. */
export function webOrigin(settings: Settings): string | undefined {
  const text = settings.values.WebOrigin;
  if (text === '') return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' && url.pathname === '/' && url.search === '' && url.username === '')
    return url.origin;
  throw settings.fault('WebOrigin', 'is not https:// and a host, such as https://steward.example.org');
}

function headerOf(key: OptionKey & ('WebUserHeader' | 'WebGroupsHeader'), settings: Settings): string {
  const name = settings.values[key].toLowerCase();
  if (name === '' || (/^[a-z0-9-]+$/.test(name) && !TAKEN.has(name))) return name;
  throw settings.fault(key, 'is no header that a proxy can fill in, such as X-Forwarded-User');
}
