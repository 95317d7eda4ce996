import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nkeys } from '@nats-io/transport-node';
import { makeCertificates } from './certificates.ts';

const FOLDER = join(import.meta.dirname, '../../doc/nats-server');

/** A config of doc/nats-server with keys and certificates of the test's own in place of its placeholders. */
export interface BrokerExample {
  readonly config: string;
  /** The root certificate of /etc/nats/ca.pem, and a certificate of it with its key. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  /** The seed file of the user behind NKEY_OF_<name>. */
  seedFile(name: string): string;
}

/** Fills in a config of doc/nats-server, or one that is given as text; what is made for it lies in `folder`. */
export async function brokerExample(fileOrText: string, folder: string): Promise<BrokerExample> {
  const certificates = await makeCertificates(folder);
  const seedFile = (name: string) => join(folder, `${name.toLowerCase()}.seed`);
  const isFile = fileOrText.endsWith('.conf');
  const text = isFile ? readFileSync(join(FOLDER, fileOrText), 'utf8') : fileOrText;
  const config = text
    .replaceAll('/etc/nats/broker.pem', certificates.certificate)
    .replaceAll('/etc/nats/broker-key.pem', certificates.key)
    .replaceAll('/etc/nats/ca.pem', certificates.ca)
    .replaceAll(/NKEY_OF_(\w+)/g, (_, name: string) => {
      const user = nkeys.createUser();
      writeFileSync(seedFile(name), user.getSeed());
      return user.getPublicKey();
    });
  return { config, ...certificates, seedFile };
}

/** The config without the port that it names, for `startBroker`, which takes a free one. */
export function withoutPort(config: string): string {
  return config.replace(/^port: \d+$/m, '');
}
