import { join } from 'node:path';
import type { Config, NodeOptions } from '../config/config.ts';

const ORIGINAL_MODES = { fileMode: 0o755, folderMode: 0o755 };
const PRIVATE_MODES = { fileMode: 0o600, folderMode: 0o700 };

/** What the bus takes from the configuration. */
export function busOptions(config: Config) {
  return {
    nodeName: config.nodeName,
    brokerAddress: config.brokerAddress,
    silenceMs: config.linkSilenceSeconds * 1000,
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

/** What the methods take from the configuration. */
export function methodsOptions(config: Config, options: NodeOptions) {
  return {
    nodeName: config.nodeName,
    dataFolder: config.subscribersDataFolder,
    rules: {
      ...(config.fileMode === 'original' ? ORIGINAL_MODES : PRIVATE_MODES),
      followsLinks: config.followLinks,
    },
    startupFolder: config.startupFolder,
    spoolFolder: join(config.databaseFolder, 'spool'),
    env: options.env,
    labels: config.labels,
    errorLogRotation: { maxBytes: config.auditLogMaxBytes, keepFiles: config.auditLogKeepFiles },
    defaultMethodTimeout: config.defaultMethodTimeoutSeconds,
    startFault: (method: string) => startFault(config, method),
  };
}

/** In a closed fleet a message starts again what a message stopped, and nothing that the operator switched off. */
function startFault({ trust, startSub }: Config, method: string): string | undefined {
  const switches: Readonly<Record<string, boolean>> = startSub;
  if (trust.mode !== 'closed' || switches[method] !== false) return undefined;
  return `the configuration of this node switches ${method} off (startSub${method}), and its trust is closed`;
}
