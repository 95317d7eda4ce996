import { isIP } from 'node:net';
import { checkServerIdentity as checkName, type PeerCertificate } from 'node:tls';

/** What the client library asks about when it has connected to an address that is a number. */
const UNNAMED = 'localhost';

/**
 * Makes the function that holds a broker's certificate against its address. The client library knows names only;
 * a broker that is addressed by its IP must have a certificate for one of the IPs that are configured.
 */
export function serverIdentityCheck(
  servers: readonly string[],
): (name: string, certificate: PeerCertificate) => Error | undefined {
  const hosts = servers.map(hostOf);
  const addresses = hosts.filter((host) => isIP(host) !== 0);
  // A broker whose IP another broker named stands for one of those that are configured.
  const expected = addresses.length > 0 ? addresses : hosts;
  return (name, certificate) => {
    if (name !== UNNAMED || hosts.includes(UNNAMED)) return checkName(name, certificate);
    const faults = expected.map((address) => checkName(address, certificate));
    return faults.includes(undefined) ? undefined : faults[0];
  };
}

/** The host of `host:port`, `scheme://user:password@host:port` or `[v6]:port`. */
function hostOf(server: string): string {
  const authority = server.replace(/^\w+:\/\//, '').replace(/^.*@/, '');
  const bracketed = /^\[([^\]]+)\]/.exec(authority);
  return bracketed ? bracketed[1]! : authority.replace(/:\d*$/, '');
}
