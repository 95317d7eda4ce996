import { type HostAndPort, parseHostAndPort } from '../lib/host-and-port.ts';
import { isLoopback } from '../lib/is-loopback.ts';
import { optionOf } from './options.ts';
import type { Settings } from './settings.ts';

/** The broker that runs inside the node, if any. */
export interface EmbeddedBrokerConfig {
  readonly address: HostAndPort;
  /** Paths; '' = none. Certificate and key are both given or both not. */
  readonly usersFile: string;
  readonly tlsCertFile: string;
  readonly tlsKeyFile: string;
  /** Holds who was let in by a token; '' = nobody is. */
  readonly admissionFolder: string;
}

/** The settings of the embedded broker; undefined = off. Throws ConfigError. */
export function embeddedBrokerConfig(settings: Settings): EmbeddedBrokerConfig | undefined {
  const { values } = settings;
  if (values.EmbeddedBroker === '') return undefined;
  const address = parseHostAndPort(values.EmbeddedBroker);
  if (address === undefined || address.port === 0) {
    throw settings.fault('EmbeddedBroker', 'is not host:port, or :port for every interface');
  }
  if (!isLoopback(address.host) && values.EmbeddedBrokerUsers === '' && values.AdmissionFolder === '') {
    throw settings.fault(
      'EmbeddedBroker',
      'can be reached from other machines, so it needs users: set EmbeddedBrokerUsers, or listen on 127.0.0.1',
    );
  }
  const [tlsCertFile, tlsKeyFile] = [values.EmbeddedBrokerTLSCert, values.EmbeddedBrokerTLSKey];
  if (tlsCertFile !== '' && tlsKeyFile === '')
    throw settings.fault('EmbeddedBrokerTLSCert', 'is given without EmbeddedBrokerTLSKey: give both');
  if (tlsCertFile === '' && tlsKeyFile !== '')
    throw settings.fault('EmbeddedBrokerTLSKey', 'is given without EmbeddedBrokerTLSCert: give both');
  const admissionFolder = admissionFolderOf(settings);
  return Object.freeze({
    address,
    usersFile: values.EmbeddedBrokerUsers,
    tlsCertFile,
    tlsKeyFile,
    admissionFolder,
  });
}

/** Letting nodes in is the central node's, and never done without encryption. */
function admissionFolderOf(settings: Settings): string {
  const { values } = settings;
  const fault = (reason: string) => settings.fault('AdmissionFolder', reason);
  if (values.AdmissionFolder === '') return '';
  if (values.NodeName !== values.CentralNodeName)
    throw fault('is for the central node alone: leave it empty on this one');
  if (values.EmbeddedBrokerUsers !== '')
    throw fault('holds who may connect, and so does EmbeddedBrokerUsers: give one of them');
  if (values.EmbeddedBrokerTLSCert === '' || values.NkeySeedFile === '')
    throw fault('needs EmbeddedBrokerTLSCert, EmbeddedBrokerTLSKey and NkeySeedFile, which steward up makes');
  return values.AdmissionFolder;
}

/** Where the node finds its broker: the embedded one where brokerAddress is left at its default. */
export function brokerAddressOf(settings: Settings, embedded: EmbeddedBrokerConfig | undefined): string {
  const { BrokerAddress: address } = settings.values;
  if (embedded === undefined || address !== optionOf('BrokerAddress').default) return address;
  const { host, port } = embedded.address;
  const reached = ['', '0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
  return reached.includes(':') ? `[${reached}]:${port}` : `${reached}:${port}`;
}
