import { parseHostAndPort } from '../lib/host-and-port.ts';

const DEFAULT_PORT = 4222;

/**
 * Why a broker address cannot be used, or undefined. It is one address or several with commas between, each
 * `host[:port]` with `nats://` or `tls://` before it or not, and `user:password@` before the host where needed.
 */
export function brokerAddressFault(address: string): string | undefined {
  const signIns = new Set<string>();
  for (const server of address.split(',').map((part) => part.trim())) {
    const fault = serverFault(server);
    if (fault !== undefined) return fault;
    const signIn = signInOf(server);
    if (signIn !== undefined) signIns.add(signIn);
  }
  return signIns.size > 1 ? 'must carry the same user and password in every address' : undefined;
}

/** The text with every password hidden, for messages and logs. */
export function hidePasswords(text: string): string {
  return text
    .split(',')
    .map((server) => server.replace(/^(\s*(?:\w+:\/\/)?).*@/, '$1***@'))
    .join(',');
}

function serverFault(server: string): string | undefined {
  const shown = JSON.stringify(hidePasswords(server));
  const found = /^(?:(?<scheme>[A-Za-z]\w*):\/\/)?(?:(?<signIn>[^@]*)@)?(?<host>[^@]*)$/.exec(server)?.groups;
  if (found === undefined || found.host === '') return `has no host in ${shown}`;
  if (found.scheme !== undefined && !/^(nats|tls)$/.test(found.scheme)) {
    return `names the unknown scheme ${found.scheme}:// (nats:// and tls:// are known)`;
  }
  if (found.signIn !== undefined && !isSignIn(found.signIn))
    return `needs user:password before the @ in ${shown}`;
  return hostFault(found.host!.replace(/\/$/, ''), shown);
}

function hostFault(host: string, shown: string): string | undefined {
  const hasPort = /:[^\]]*$/.test(host.replace(/^\[[^\]]*\]/, ''));
  const parsed = parseHostAndPort(hasPort ? host : `${host}:${DEFAULT_PORT}`);
  if (parsed === undefined || parsed.host === '' || parsed.port === 0) return `is not host:port in ${shown}`;
  return undefined;
}

function isSignIn(text: string): boolean {
  try {
    decodeURIComponent(text);
  } catch {
    return false;
  }
  return /^[^:/]+:[^/]*$/.test(text);
}

function signInOf(server: string): string | undefined {
  return /^(?:\w+:\/\/)?([^@]*)@/.exec(server)?.[1];
}
