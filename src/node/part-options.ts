import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { NodeOptions } from './build-node.ts';

/** What the bus takes from the configuration. */
export function busOptions(config: Config) {
  return {
    nodeName: config.nodeName,
    brokerAddress: config.brokerAddress,
    connectTimeoutMs: config.natsConnOptTimeoutSeconds * 1000,
    retryIntervalMs: config.natsConnectRetryIntervalSeconds * 1000,
    reconnectJitterMs: config.natsReconnectJitterMs,
    reconnectJitterTlsMs: config.natsReconnectJitterTlsSeconds * 1000,
    rootCaPath: config.rootCaPath,
    nkeySeedFile: config.nkeySeedFile,
    credsFile: config.credsFile,
    tlsCertFile: config.tlsCertFile,
    tlsKeyFile: config.tlsKeyFile,
  };
}

/** Where the audit log is, and how large it may grow. */
export function auditOptions(config: Config) {
  const path = join(config.databaseFolder, 'store.log');
  return { path, maxBytes: config.auditLogMaxBytes, keepFiles: config.auditLogKeepFiles };
}

/** What the methods take from the configuration. */
export function methodsOptions(config: Config, options: NodeOptions) {
  return {
    nodeName: config.nodeName,
    dataFolder: config.subscribersDataFolder,
    startupFolder: config.startupFolder,
    spoolFolder: join(config.databaseFolder, 'spool'),
    env: options.env,
    defaultMethodTimeout: config.defaultMethodTimeoutSeconds,
  };
}
