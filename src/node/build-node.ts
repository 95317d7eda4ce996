import { join } from 'node:path';
import { Bus } from '../bus/bus.ts';
import { auditOptions } from '../config/audit-options.ts';
import type { Config, NodeOptions } from '../config/config.ts';
import { Perils } from '../journal/perils.ts';
import { NewestIdNote, newestId } from '../ledger/newest-id.ts';
import { systemClock } from '../lib/clock.ts';
import { roomForOutput } from '../lib/disk-room.ts';
import { machineEdges } from '../lib/edges.ts';
import { folderIdentity } from '../lib/folder-identity.ts';
import { KeyedLock } from '../lib/keyed-lock.ts';
import { killLeftovers } from '../lib/kill-leftovers.ts';
import { systemFiles } from '../lib/system-files.ts';
import { createMethods } from '../methods/all-methods.ts';
import { cleanSpool, leftOutput } from '../methods/commands/spool.ts';
import { createWriteFile } from '../methods/files/replace-file.ts';
import { openAuditLog } from '../observe/audit-log.ts';
import { openLogger } from '../observe/logger.ts';
import { Metrics } from '../observe/metrics.ts';
import { KeptData } from '../relay/kept-data.ts';
import { openStore } from '../store/open-store.ts';
import { assembleNode, type Ground, type NodeParts } from './assemble-node.ts';
import { busOptions, methodsOptions } from './part-options.ts';

/**
 * Makes a node's parts on this machine, from the disk up; `stack` stops them in reverse. The link to the broker is not
 * begun.
 */
export async function buildNode(
  config: Config,
  options: NodeOptions,
  {
    stack,
    ...fleet
  }: { readonly stack: AsyncDisposableStack } & Partial<Pick<Ground, 'relays' | 'admitted'>>,
): Promise<NodeParts> {
  const spoolFolder = join(config.databaseFolder, 'spool');
  const { logLevel: level, nodeName, databaseFolder: folder } = config;
  const logger = await openLogger({ level, isTerminal: options.isTerminal, nodeName });
  const metrics = new Metrics({ version: options.version });
  const store = stack.use(await openStore({ folder, nodeName }));
  const perils = stack.use(new Perils(join(config.databaseFolder, 'in-hand')));
  const onCrash = () => perils.crashed();
  process.on('uncaughtExceptionMonitor', onCrash);
  stack.defer(() => void process.off('uncaughtExceptionMonitor', onCrash));
  const newest = stack.use(
    new NewestIdNote(join(config.databaseFolder, 'newest-id'), {
      ...{ store, clock: systemClock, files: systemFiles, logger },
    }),
  );
  const audit = stack.use(await openAuditLog(auditOptions(config)));
  const bus = stack.use(new Bus(busOptions(config), { logger }));
  const removeSpoolRest = await cleanSpool(spoolFolder);
  const parts = await assembleNode(
    config,
    {
      ...machineEdges([newestId(store), newest.before]),
      ...{ logger, metrics, store, audit, bus, killLeftovers, notedId: newest.before },
      outputRoomBytes: config.outboxBytes || (await roomForOutput(config.databaseFolder)),
      instance: folderIdentity(config.databaseFolder),
      ...{ perils, version: options.version },
      keptData: new KeptData(join(config.databaseFolder, 'relayed'), {
        ...{ maxBytes: config.relayKeepBytes, clock: systemClock, files: systemFiles, logger },
      }),
      ...fleet,
      writeFile: createWriteFile({ dataFolder: config.subscribersDataFolder }, { lock: new KeyedLock() }),
      leftOutput: (id) => leftOutput(spoolFolder, id),
      makeMethods: (deps, table) =>
        createMethods(
          methodsOptions(config, options),
          { ...deps, stdout: options.stdout, clock: systemClock, now: () => new Date() },
          table,
        ),
    },
    stack,
  );
  const { outbox, supervisor } = parts;
  metrics.sources = {
    outboxByState: () => outbox.depth,
    messagesInMemory: () => outbox.inMemory,
    messagesInStore: () => outbox.length,
    runningProcesses: () => supervisor.list().map(({ kind, name }) => `${name}_${kind}`),
  };
  // The rest of the output that was reported while it ran is queued by now, or read from there.
  await removeSpoolRest(parts.journal.rests.left);
  return parts;
}
