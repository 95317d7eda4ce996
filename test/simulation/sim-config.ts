import type { Config } from '../../src/config/config.ts';
import type { TrustMode } from '../../src/config/trust-config.ts';
import { testConfig } from '../support/test-config.ts';

/** How long a message is kept, s: hours, so that a run need not last weeks. */
export const MESSAGE_TTL_SECONDS = 3600;

/** Where a node keeps files that are replaced as a whole, what is printed while it runs, and what it sends at each start. */
export const DATA_FOLDER = '/data';
export const STARTUP_FOLDER = '/startup';

/** What a node of a closed fleet may send another one in a day that nobody asked for, bytes. */
export const QUOTA_BYTES = 200_000;

/** How much of what it relays a node keeps, bytes. */
export const MAX_KEPT_BYTES = 100_000;

/** The settings of a simulated node. */
export function configOf(nodeName: string, mode: TrustMode): Config {
  const isCentral = nodeName === 'central';
  const config = testConfig({
    nodeName,
    ...{ compression: '', serialization: 'cbor' },
    ...{ defaultMessageTimeoutSeconds: 5, defaultMessageRetries: 1, defaultMethodTimeoutSeconds: 20 },
    ...{ errorMessageTimeoutSeconds: 10, errorMessageRetries: 5 },
    ...{ maxMessageBytes: 1024 * 1024, ledgerOutputBytes: 4096, databaseFolder: 'simulated' },
    ...{ subscribersDataFolder: 'simulated', groupsFile: 'simulated' },
    relayKeepBytes: MAX_KEPT_BYTES,
    quotas: { bytesPerDay: QUOTA_BYTES, filesPerDay: 100, waiting: 20 },
    trust: { mode, wantsProof: mode !== 'open', originals: [], relays: [], replyCommands: false },
  });
  const startSub = { ...config.startSub, REQErrorLog: isCentral, REQHello: isCentral, REQRelay: true };
  return { ...config, startSub };
}
