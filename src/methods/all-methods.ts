import { join } from 'node:path';
import { ByteBudget } from '../lib/byte-budget.ts';
import type { Clock } from '../lib/clock.ts';
import { DiskRoom } from '../lib/disk-room.ts';
import { KeyedLock } from '../lib/keyed-lock.ts';
import { REQUEST_ID_VARIABLE, RUN_ID_VARIABLE } from '../lib/kill-leftovers.ts';
import type { FolderRules } from '../lib/open-inside.ts';
import { type CancelDeps, createReqCancel } from './between-nodes/req-cancel.ts';
import { createReqErrorLog, type ErrorLogDeps, type ErrorLogOptions } from './between-nodes/req-error-log.ts';
import { createReqHello, type HelloDeps } from './between-nodes/req-hello.ts';
import { createReqNone } from './between-nodes/req-none.ts';
import { createReqPing } from './between-nodes/req-ping.ts';
import { createReqPong } from './between-nodes/req-pong.ts';
import { createReqReport } from './between-nodes/req-report.ts';
import { OPEN_FILES_VARIABLE, openFilesLimit } from './commands/open-files-limit.ts';
import { OutputPipes } from './commands/output-pipes.ts';
import { createReqCliCommand } from './commands/req-cli-command.ts';
import { createReqCliCommandCont } from './commands/req-cli-command-cont.ts';
import type { CommandOptions } from './commands/run-program.ts';
import { Spawner } from './commands/spawner.ts';
import { OUTPUT_BYTES } from './commands/spool.ts';
import { AppendFiles } from './files/append-files.ts';
import { createHoldsContent, createWriteFile } from './files/replace-file.ts';
import { createReqToFile } from './files/req-to-file.ts';
import { createReqToFileAppend, type ToFileAppendDeps } from './files/req-to-file-append.ts';
import type { Method } from './method.ts';
import { createReqOpProcessList, type OpProcessListDeps } from './node-admin/req-op-process-list.ts';
import { createReqOpProcessStart } from './node-admin/req-op-process-start.ts';
import { createReqOpProcessStop } from './node-admin/req-op-process-stop.ts';
import { createReqOpQueueList, type OpQueueListDeps } from './node-admin/req-op-queue-list.ts';
import { createReqOpQueueRemove } from './node-admin/req-op-queue-remove.ts';
import { createReqOpScheduleList, type OpScheduleListDeps } from './node-admin/req-op-schedule-list.ts';
import { createStartupMethods, type StartupOptions } from './node-admin/startup-methods.ts';
import { createReqHttpGet } from './outside/req-http-get.ts';
import { type ConsoleDeps, createReqToConsole } from './outside/req-to-console.ts';
import { createReqToSocket } from './outside/req-to-socket.ts';
import { createReqTailFile } from './streams/req-tail-file.ts';

export interface MethodsOptions extends CommandOptions, StartupOptions {
  readonly nodeName: string;
  /** Where methods keep what messages bring; nothing is written outside of it. */
  readonly dataFolder: string;
  readonly rules?: FolderRules;
  /** What the node tells of itself; commands find it in STEWARD_LABEL_*. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Why a method must not be started by a message, or undefined. */
  readonly startFault?: (method: string) => string | undefined;
  readonly errorLogRotation?: ErrorLogOptions['rotation'];
}

export type MethodsDeps = ConsoleDeps &
  OpQueueListDeps &
  OpProcessListDeps &
  Omit<OpScheduleListDeps, 'journal'> & {
    readonly clock: Clock;
    readonly journal: CancelDeps['journal'] & OpScheduleListDeps['journal'];
    readonly fleet: HelloDeps['fleet'] & ErrorLogDeps['fleet'];
    readonly submissions: {
      /** Why a submission must not be kept, a sentence each. */
      faults(text: Uint8Array): Promise<readonly string[]>;
    };
    readonly outputReplies?: ToFileAppendDeps['outputReplies'];
    /** Methods that are made elsewhere. */
    readonly otherMethods?: readonly Method[];
  };

/** Methods by their name; disposing closes the files that they keep open, and ends their spawner. */
export type Methods = ReadonlyMap<string, Method> & AsyncDisposable;

/** Makes every method that a node knows, and enters them in a table that others may hold already. */
export function createMethods(
  given: MethodsOptions,
  deps: MethodsDeps,
  methods = new Map<string, Method>(),
): Methods {
  const options = { ...given, env: commandEnvironment(given), openFiles: openFilesLimit(given.env) };
  const lock = new KeyedLock();
  const appendFiles = new AppendFiles(options, { lock, clock: deps.clock });
  const files = {
    ...deps,
    appendFiles,
    writeFile: createWriteFile(options, { lock }),
    holdsContent: createHoldsContent(options),
  };
  const { nodeName, startFault } = options;
  const op = { ...deps, nodeName, methods, ...(startFault && { startFault }) };
  const spawner = new Spawner(options);
  const pipes = new OutputPipes(join(options.spoolFolder, '../pipes'));
  const outputs = new ByteBudget(OUTPUT_BYTES);
  const command = { spawner, pipes, outputs, diskRoom: new DiskRoom(options.spoolFolder) };
  const all: Method[] = [
    createReqCliCommand(options, command),
    createReqCliCommandCont(options, command),
    createReqTailFile(options, command),
    createReqHttpGet(options, { clock: deps.clock, outputs }),
    createReqToFile(files),
    createReqToFileAppend(files),
    createReqToConsole(deps),
    createReqToSocket(options, { clock: deps.clock }),
    createReqNone(),
    createReqHello(files),
    createReqErrorLog({ rotation: options.errorLogRotation }, files),
    createReqPing(files),
    createReqPong(files),
    createReqOpProcessList(op),
    createReqOpProcessStart(op),
    createReqOpProcessStop(op),
    createReqReport(),
    createReqCancel(deps),
    createReqOpQueueList(op),
    createReqOpQueueRemove(op),
    createReqOpScheduleList(op),
    ...createStartupMethods(options, deps),
    ...(deps.otherMethods ?? []),
  ];
  for (const method of all) methods.set(method.name, method);
  return Object.assign(methods, {
    [Symbol.asyncDispose]: async () => {
      await Promise.all([appendFiles, spawner, pipes].map((part) => part[Symbol.asyncDispose]()));
    },
  });
}

/**
 * The environment of commands: that of the node, and who the node is. A node that a command started belongs to that command; what
 * the node starts itself does not. Settings of the node that may hold a secret stay its own.
 */
function commandEnvironment({ env, nodeName, labels = {} }: MethodsOptions): CommandOptions['env'] {
  const own = Object.entries(env).filter(
    ([name]) => !OWN_VARIABLES.has(name) && !name.startsWith(LABEL_PREFIX),
  );
  const told = Object.entries(labels).map(([label, value]) => [
    LABEL_PREFIX + label.toUpperCase().replace(/[^A-Z0-9_]/g, '_'),
    value,
  ]);
  return { ...Object.fromEntries(own), ...Object.fromEntries(told), STEWARD_NODE: nodeName };
}

/** What belongs to the node: marks of its processes, how the start script tunes it, and settings that may hold a secret. */
const OWN_VARIABLES = new Set([
  ...[
    REQUEST_ID_VARIABLE,
    RUN_ID_VARIABLE,
    OPEN_FILES_VARIABLE,
    'MALLOC_MMAP_THRESHOLD_',
    'MALLOC_ARENA_MAX',
  ],
  ...['LISTENER_TOKEN', 'BROKER_ADDRESS'],
]);
const LABEL_PREFIX = 'STEWARD_LABEL_';
