import { execFile } from 'node:child_process';
import { join } from 'node:path';
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
  const path = (name: string) => join(folder, name);
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  await openssl(
    ...['req', '-x509', ...ec, '-subj', '/CN=Authority of a test'],
    ...['-keyout', path('ca-key.pem'), '-out', path('ca.pem')],
  );
  await openssl(
    ...['req', '-x509', ...ec, '-subj', '/CN=broker', '-addext', 'subjectAltName=IP:127.0.0.1'],
    ...['-addext', 'basicConstraints=critical,CA:FALSE', '-CA', path('ca.pem'), '-CAkey', path('ca-key.pem')],
    ...['-keyout', path('key.pem'), '-out', path('certificate.pem')],
  );
  return { ca: path('ca.pem'), certificate: path('certificate.pem'), key: path('key.pem') };
}

async function openssl(...args: string[]): Promise<void> {
  await promisify(execFile)('openssl', args);
}
