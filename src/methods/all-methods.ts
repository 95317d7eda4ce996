import { DiskRoom } from '../lib/disk-room.ts';
import { KeyedLock } from '../lib/keyed-lock.ts';
import { AppendFiles } from './append-files.ts';
import type { CommandOptions } from './command-call.ts';
import type { Method } from './method.ts';
import { createReplaceFile } from './replace-file.ts';
import { type CancelDeps, createReqCancel } from './req-cancel.ts';
import { createReqCliCommand } from './req-cli-command.ts';
import { createReqCliCommandCont } from './req-cli-command-cont.ts';
import { createReqErrorLog, type ErrorLogDeps } from './req-error-log.ts';
import { createReqHello, type HelloDeps } from './req-hello.ts';
import { createReqHttpGet } from './req-http-get.ts';
import { createReqNone } from './req-none.ts';
import { createReqOpProcessList, type OpProcessListDeps } from './req-op-process-list.ts';
import { createReqOpProcessStart } from './req-op-process-start.ts';
import { createReqOpProcessStop } from './req-op-process-stop.ts';
import { createReqOpQueueList, type OpQueueListDeps } from './req-op-queue-list.ts';
import { createReqOpQueueRemove } from './req-op-queue-remove.ts';
import { createReqOpScheduleList, type OpScheduleListDeps } from './req-op-schedule-list.ts';
import { createReqPing } from './req-ping.ts';
import { createReqPong } from './req-pong.ts';
import { createReqReport, type ReportDeps } from './req-report.ts';
import { createReqTailFile } from './req-tail-file.ts';
import { type ConsoleDeps, createReqToConsole } from './req-to-console.ts';
import { createReqToFile } from './req-to-file.ts';
import { createReqToFileAppend } from './req-to-file-append.ts';
import { createReqToSocket } from './req-to-socket.ts';
import { Spawner } from './spawner.ts';
import { createStartupMethods, type StartupOptions } from './startup-methods.ts';

export interface MethodsOptions extends CommandOptions, StartupOptions {
  readonly nodeName: string;
  /** Where methods keep what messages bring; nothing is written outside of it. */
  readonly dataFolder: string;
}

export type MethodsDeps = ConsoleDeps &
  ReportDeps &
  CancelDeps &
  OpQueueListDeps &
  OpScheduleListDeps &
  OpProcessListDeps &
  Pick<HelloDeps, 'onHello'> & {
    /** Why a submission must not be kept, a sentence each; it may ask which methods there are. */
    checkMessages(text: Uint8Array, isKnownMethod: (name: string) => boolean): Promise<readonly string[]>;
    /** Methods that are made elsewhere. */
    readonly otherMethods?: readonly Method[];
  } & Pick<ErrorLogDeps, 'onErrorLog'>;

/** Methods by their name; disposing closes the files that they keep open, and ends their spawner. */
export type Methods = ReadonlyMap<string, Method> & AsyncDisposable;

/** Makes every method that a node knows. */
export function createMethods(options: MethodsOptions, deps: MethodsDeps): Methods {
  const lock = new KeyedLock();
  const appendFiles = new AppendFiles(options, { lock });
  const files = { ...deps, appendFiles, replaceFile: createReplaceFile(options, { lock }) };
  const methods = new Map<string, Method>();
  const op = { ...deps, nodeName: options.nodeName, isKnownMethod: (name: string) => methods.has(name) };
  const spawner = new Spawner({ env: options.env });
  const disk = { diskRoom: new DiskRoom(options.spoolFolder) };
  const all: Method[] = [
    createReqCliCommand(options, { ...disk, spawner }),
    createReqCliCommandCont(options, disk),
    createReqTailFile(options, disk),
    createReqHttpGet(options),
    createReqToFile(files),
    createReqToFileAppend(files),
    createReqToConsole(deps),
    createReqToSocket(options),
    createReqNone(),
    createReqHello(files),
    createReqErrorLog(files),
    createReqPing(files),
    createReqPong(files),
    createReqOpProcessList(op),
    createReqOpProcessStart(op),
    createReqOpProcessStop(op),
    createReqReport(deps),
    createReqCancel(deps),
    createReqOpQueueList(op),
    createReqOpQueueRemove(op),
    createReqOpScheduleList(op),
    ...createStartupMethods(options, {
      checkMessages: (text) => deps.checkMessages(text, op.isKnownMethod),
    }),
    ...(deps.otherMethods ?? []),
  ];
  for (const method of all) methods.set(method.name, method);
  return Object.assign(methods, {
    [Symbol.asyncDispose]: async () => {
      await Promise.all([appendFiles[Symbol.asyncDispose](), spawner[Symbol.asyncDispose]()]);
    },
  });
}
