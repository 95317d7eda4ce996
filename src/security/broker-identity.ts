import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { readFileIfThere } from '../lib/plain-file.ts';
import { writeAtomically } from '../lib/write-atomically.ts';
import { type CertifiedKey, makeAuthority, makeServerCertificate } from './certificate.ts';
import { SecurityError, UNREADABLE } from './security-error.ts';

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;
/** Ships come back after years: what they trust lasts longer than they do. */
const AUTHORITY_YEARS = 30;
const SERVER_YEARS = 10;

/** What a fleet's own broker is known by. */
export interface BrokerIdentity {
  /** The authority that nodes trust, PEM. */
  readonly authority: X509Certificate;
  /** Signs what the central node says to those who join. */
  readonly key: KeyObject;
  readonly files: BrokerFiles;
}

/** Paths of PEM files. */
export interface BrokerFiles {
  readonly authority: string;
  /** The broker's certificate, followed by the authority's. */
  readonly certificate: string;
  readonly key: string;
}

/** Where the files of a broker's identity are. */
export function brokerFiles(folder: string): BrokerFiles {
  const at = (name: string) => join(folder, name);
  return { authority: at('broker-ca.pem'), certificate: at('broker.pem'), key: at('broker-key.pem') };
}

/**
 * Reads a broker's authority and certificate, or makes them. The authority stays; the certificate is renewed where it
 * lacks one of the hosts or ends within a year.
 */
export async function openBrokerIdentity(
  folder: string,
  { central, hosts, now }: { central: string; hosts: readonly string[]; now: Date },
): Promise<BrokerIdentity> {
  const files = brokerFiles(folder);
  const name = `Steward broker of ${central}`;
  const authority = (await readAuthority(folder)) ?? (await keepAuthority(folder, name, now));
  const certificate = new X509Certificate(authority.certificate);
  const key = createPrivateKey(authority.key);
  const present = await readCertificate(files, certificate);
  const listed = present === undefined ? [] : hostsOf(present);
  const isGood =
    present !== undefined &&
    hosts.every((host) => covers(present, host)) &&
    present.validToDate.getTime() - now.getTime() > YEAR_MS;
  if (!isGood) {
    const all = [...new Set([...listed, ...hosts])];
    const validity = {
      from: new Date(now.getTime() - DAY_MS),
      to: new Date(now.getTime() + SERVER_YEARS * YEAR_MS),
    };
    const made = makeServerCertificate({ name: central, hosts: all, validity }, { name, key });
    // The key goes first: a certificate without its key is made again, and a key without one as well.
    await writeAtomically(files.key, made.key);
    await writeAtomically(files.certificate, `${made.certificate}${authority.certificate}`);
  }
  return { authority: certificate, key, files };
}

/** Reads what signs for a broker that was made before. Throws SecurityError where it is not there. */
export async function readBrokerIdentity(folder: string): Promise<BrokerIdentity> {
  const authority = await readAuthority(folder);
  if (authority === undefined)
    throw new SecurityError('unreadable-file', `${folder} has no broker-ca.pem: steward up makes it`);
  return {
    authority: new X509Certificate(authority.certificate),
    key: createPrivateKey(authority.key),
    files: brokerFiles(folder),
  };
}

/** Whether a server certificate holds for a host name or an address. */
export function covers(certificate: X509Certificate, host: string): boolean {
  return (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined;
}

async function keepAuthority(folder: string, name: string, now: Date): Promise<CertifiedKey> {
  const validity = {
    from: new Date(now.getTime() - DAY_MS),
    to: new Date(now.getTime() + AUTHORITY_YEARS * YEAR_MS),
  };
  const made = makeAuthority(name, validity);
  await writeAtomically(authorityKeyFile(folder), made.key);
  await writeAtomically(brokerFiles(folder).authority, made.certificate);
  return made;
}

/** Both files, or undefined: a key alone was left by a crash and is of no use yet. */
async function readAuthority(folder: string): Promise<CertifiedKey | undefined> {
  const certificate = await readFileIfThere(brokerFiles(folder).authority, UNREADABLE);
  if (certificate === undefined) return undefined;
  const key = await readFileIfThere(authorityKeyFile(folder), UNREADABLE);
  if (key === undefined)
    throw new SecurityError(
      'unreadable-file',
      `${authorityKeyFile(folder)} is missing, and without it nobody can be let in: restore it, or move ${brokerFiles(folder).authority} away, and have all nodes join anew`,
    );
  return { certificate, key };
}

async function readCertificate(
  files: BrokerFiles,
  authority: X509Certificate,
): Promise<X509Certificate | undefined> {
  const [text, key] = [
    await readFileIfThere(files.certificate, UNREADABLE),
    await readFileIfThere(files.key, UNREADABLE),
  ];
  if (text === undefined || key === undefined) return undefined;
  try {
    const certificate = new X509Certificate(text);
    const isOwn =
      certificate.verify(authority.publicKey) && certificate.checkPrivateKey(createPrivateKey(key));
    return isOwn ? certificate : undefined;
  } catch {
    return undefined;
  }
}

function hostsOf(certificate: X509Certificate): string[] {
  const names = certificate.subjectAltName?.split(', ') ?? [];
  return names.map((name) => name.replace(/^(DNS|IP Address):/, ''));
}

function authorityKeyFile(folder: string): string {
  return join(folder, 'broker-ca-key.pem');
}
