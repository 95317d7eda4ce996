import { readNeededFile } from '../lib/plain-file.ts';
import { BrokerError } from './broker-error.ts';
import type { BrokerTls } from './broker-options.ts';

/** Where the broker's certificate, its key and the authority of clients' certificates are; '' = none. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  readonly clientCa: string;
}

/** The names of the settings that say where these files are, for errors. */
export type TlsSettings = Readonly<Record<keyof TlsFiles, string>>;

/** Reads the files of a broker's TLS; undefined where none are named. Throws BrokerError. */
export async function readTlsFiles(files: TlsFiles, settings: TlsSettings): Promise<BrokerTls | undefined> {
  const { certificate, key, clientCa } = files;
  if (certificate === '' && key === '' && clientCa === '') return undefined;
  for (const [path, missing, given] of [
    [certificate, settings.certificate, key === '' ? settings.clientCa : settings.key],
    [key, settings.key, settings.certificate],
  ] as const) {
    if (path === '')
      throw new BrokerError('bad-option', `${missing} is missing: give it together with ${given}`);
  }
  return {
    about: `${settings.certificate} ${certificate} and ${settings.key} ${key}`,
    certificate: await read(certificate, settings.certificate),
    key: await read(key, settings.key),
    ...(clientCa !== '' && { clientCa: await read(clientCa, settings.clientCa) }),
  };
}

function read(path: string, setting: string): Promise<string> {
  return readNeededFile(path, { as: BrokerError, code: 'bad-option', name: `${setting} ${path}` });
}
