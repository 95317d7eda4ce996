import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { TlsOptions } from '@nats-io/transport-node';
import { BusError } from './bus-error.ts';
import { readOptionFile } from './credentials.ts';
import { serverIdentityCheck } from './server-identity.ts';

interface TlsFiles {
  readonly rootCaPath: string;
  readonly tlsCertFile: string;
  readonly tlsKeyFile: string;
}

/**
 * How to speak TLS with the broker, or undefined where nothing asks for it (a broker that insists gets it all the
 * same). Throws BusError 'bad-option' for files that cannot be used.
 */
export function tlsOptions(files: TlsFiles, servers: readonly string[]): TlsOptions | undefined {
  const { rootCaPath, tlsCertFile, tlsKeyFile } = files;
  const isAsked = servers.some((server) => server.startsWith('tls://'));
  if (!isAsked && !rootCaPath && !tlsCertFile && !tlsKeyFile) return undefined;
  // The client library hands on what it does not know to node:tls.
  return {
    checkServerIdentity: serverIdentityCheck(servers),
    ...(rootCaPath ? { ca: readRoot(rootCaPath) } : {}),
    ...(tlsCertFile || tlsKeyFile ? readPair(tlsCertFile, tlsKeyFile) : {}),
  } as TlsOptions;
}

/** node:tls takes any text for a root certificate, and then trusts nobody. */
function readRoot(path: string): string {
  const pem = readOptionFile(path, 'rootCAPath');
  try {
    new X509Certificate(pem);
    return pem;
  } catch (error) {
    throw new BusError('bad-option', `rootCAPath ${path} holds no certificate in the PEM form`, {
      cause: error,
    });
  }
}

function readPair(certPath: string, keyPath: string): { cert: string; key: string } {
  if (!certPath || !keyPath) {
    const [given, missing] = certPath ? ['tlsCertFile', 'tlsKeyFile'] : ['tlsKeyFile', 'tlsCertFile'];
    throw new BusError(
      'bad-option',
      `${given} is set without ${missing}: a certificate and its key go together`,
    );
  }
  const pair = { cert: readOptionFile(certPath, 'tlsCertFile'), key: readOptionFile(keyPath, 'tlsKeyFile') };
  refuseWhere(
    () => new X509Certificate(pair.cert),
    `tlsCertFile ${certPath} holds no certificate in the PEM form`,
  );
  refuseWhere(
    () => createSecureContext({ key: pair.key }),
    `tlsKeyFile ${keyPath} holds no key without passphrase in the PEM form`,
  );
  refuseWhere(
    () => createSecureContext(pair),
    `tlsKeyFile ${keyPath} is not the key of the certificate in tlsCertFile ${certPath}`,
  );
  return pair;
}

function refuseWhere(attempt: () => unknown, sentence: string): void {
  try {
    attempt();
  } catch (error) {
    throw new BusError('bad-option', sentence, { cause: error });
  }
}
