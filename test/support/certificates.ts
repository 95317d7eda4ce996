import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** Paths of PEM files. */
export interface Certificates {
  /** The private authority's certificate, which clients trust. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** Makes a certificate authority of the test's own, and a certificate of 127.0.0.1, with openssl. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const ca = join(folder, 'ca.pem');
  await openssl(
    ...['req', '-x509', ...NEW_KEY, '-days', '2', '-subj', '/CN=Authority of a test'],
    ...['-keyout', keyOf(ca), '-out', ca],
  );
  return { ca, ...(await issueCertificate(ca, { path: join(folder, 'certificate.pem') })) };
}

/** Makes a certificate of the authority: for 127.0.0.1 unless told, and for two days from `from` on. */
export async function issueCertificate(
  ca: string,
  { path, name = 'IP:127.0.0.1', from }: { path: string; name?: string; from?: Date },
): Promise<{ certificate: string; key: string }> {
  const folder = await mkdtemp(join(dirname(path), 'issue-'));
  const [request, config, key] = [join(folder, 'request.pem'), join(folder, 'ca.conf'), keyOf(path)];
  await openssl('req', '-new', ...NEW_KEY, '-subj', '/CN=steward', '-keyout', key, '-out', request);
  await writeFile(
    config,
    `[ca]\ndefault_ca = own\n[own]\ndatabase = ${folder}/index\nnew_certs_dir = ${folder}\nrand_serial = yes\n` +
      `default_md = sha256\npolicy = any\nx509_extensions = leaf\n[any]\ncommonName = supplied\n` +
      `[leaf]\nbasicConstraints = critical,CA:FALSE\nsubjectAltName = ${name}\n`,
  );
  await writeFile(join(folder, 'index'), '');
  const start = from ?? new Date(Date.now() - 60_000);
  await openssl(
    ...['ca', '-batch', '-notext', '-config', config, '-cert', ca, '-keyfile', keyOf(ca), '-in', request],
    ...['-startdate', asn1Time(start), '-enddate', asn1Time(new Date(start.getTime() + 2 * DAY_MS))],
    ...['-out', path],
  );
  return { certificate: path, key };
}

const DAY_MS = 86_400_000;
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function keyOf(certificate: string): string {
  return certificate.replace(/\.pem$/, '-key.pem');
}

function asn1Time(date: Date): string {
  return `${date.toISOString().replace(/[-:T]|\.\d+/g, '')}`;
}

async function openssl(...args: string[]): Promise<void> {
  await promisify(execFile)('openssl', args);
}
