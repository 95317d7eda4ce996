import { dirname } from 'node:path';
import type { LoadedConfig } from '../config/load-config.ts';
import { readOriginalQueue } from '../config/original-queue.ts';
import { sqliteVersion } from '../store/inspect-database.ts';
import { checkBroker } from './check-broker.ts';
import { checkClock } from './check-clock.ts';
import { checkDatabase } from './check-database.ts';
import { checkFiles } from './check-files.ts';
import { checkFolders } from './check-folders.ts';
import { checkCollector, checkLeftQueue, checkListeners } from './check-inherited.ts';
import { checkMachine } from './check-machine.ts';
import { checkNatsServer } from './check-nats-server.ts';
import { checkSocket } from './check-socket.ts';
import { checkTrust } from './check-trust.ts';
import { type Finding, finding } from './finding.ts';

export interface DoctorOptions {
  readonly version: string;
  /** Whether a large database is looked through too. */
  readonly isThorough: boolean;
  /** The broker's configuration file, or the address of its monitoring port. */
  readonly natsServer?: string | undefined;
}

export interface DoctorDeps {
  now(): number;
  /** The state of the node's service, where there is one. */
  checkService(): Promise<readonly Finding[]>;
}

/**
 * Looks at all that a node with this configuration needs, and yields what it finds as it finds it. Nothing is changed, and
 * a node that runs is not disturbed: the database is read, the socket connected to, and the broker asked with messages
 * that mean nothing to anybody.
 */
export async function* examine(
  { config, configFile, warnings }: LoadedConfig,
  options: DoctorOptions,
  deps: DoctorDeps,
): AsyncGenerator<Finding> {
  yield* await checkFiles(config, configFile);
  for (const warning of warnings) yield finding('config', 'warn', warning);
  yield* checkListeners(config);
  yield* checkCollector(config);
  yield* checkLeftQueue(await readOriginalQueue(config.databaseFolder));
  yield checkTrust(config);
  yield* await checkMachine(versionsOf(options.version));
  yield* await checkFolders(config);
  const database = checkDatabase(config.databaseFolder, options);
  yield* database.findings;
  yield* checkClock(deps.now(), database.facts?.deliveries ?? []);
  yield* await deps.checkService();
  const { isRunning, findings } = await checkSocket(config.socketFolder);
  yield* findings;
  if (config.embeddedBroker !== undefined && isRunning === false)
    yield finding('broker', 'ok', 'it is embedded in this node, and runs when the node does');
  else yield* await checkBroker(config, { isRunning });
  if (config.embeddedBroker === undefined || options.natsServer !== undefined)
    yield* await checkNatsServer(config, { given: options.natsServer, folder: dirname(configFile) });
}

/** What can be looked at where the configuration cannot be read. */
export async function* examineMachine(options: DoctorOptions, deps: DoctorDeps): AsyncGenerator<Finding> {
  yield* await checkMachine(versionsOf(options.version));
  yield* checkClock(deps.now(), []);
  yield* await deps.checkService();
}

function versionsOf(steward: string) {
  const { bun, node } = process.versions;
  return { steward, sqlite: sqliteVersion(), engine: bun === undefined ? `Node.js ${node}` : `Bun ${bun}` };
}
