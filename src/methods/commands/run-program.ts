import type { DiskRoom } from '../../lib/disk-room.ts';
import { REQUEST_ID_VARIABLE, RUN_ID_VARIABLE } from '../../lib/kill-leftovers.ts';
import { systemFault } from '../../lib/system-fault.ts';
import type { Message } from '../../message/message.ts';
import type { RunCall, RunResult } from '../../message/method-contract.ts';
import { COMMAND_ARGUMENTS, type RunMethod } from '../method.ts';
import { abortedState, methodTimeoutMs } from '../method-timeout.ts';
import { type FilledCommand, fillCommand } from './command-data.ts';
import { describeFailure, describeStart, failureReport } from './command-report.ts';
import { withLimit } from './open-files-limit.ts';
import type { OutputPipe, OutputPipes } from './output-pipes.ts';
import { type CommandEnd, runCommand } from './run-command.ts';
import type { Spawner } from './spawner.ts';
import { Spool, type SpoolPlace } from './spool.ts';
import {
  ifRoom,
  type ProcessStart,
  type StartedProcess,
  startProcess,
  withProcessRoom,
} from './started-process.ts';

export interface CommandOptions {
  /** Where output goes while a command runs. */
  readonly spoolFolder: string;
  /** The environment that commands inherit. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Their soft limit of open files, where it differs from the node's. */
  readonly openFiles?: number | undefined;
  /** Where commands run; the node's own working folder unless told. */
  readonly workingFolder?: string;
  /** For messages that carry no methodTimeout (s). */
  readonly defaultMethodTimeout: number;
}

export interface CommandDeps extends Pick<SpoolPlace, 'outputs'> {
  /** Says when the disk that output goes to is nearly full. */
  readonly diskRoom: Pick<DiskRoom, 'shortage'>;
  /** Starts the programs, where it is given and ready; it has the same environment. */
  readonly spawner?: Pick<Spawner, 'isReady' | 'start'>;
  /** What the output of a command goes through. */
  readonly pipes: Pick<OutputPipes, 'takeIdle' | 'take'>;
}

/** Takes the output of a command. What `stdout` or `stderr` throws ends the command. */
export interface Takers {
  stdout(piece: Uint8Array): Promise<void>;
  /** Where it is missing, both come to `stdout`, in the order in which they were written. */
  stderr?: (piece: Uint8Array) => Promise<void>;
  /** Asked every second: why the command may not go on, or undefined. */
  findShortage?(): Promise<string | undefined>;
}

type Own = CommandOptions & CommandDeps;

/** What becomes of one command's output. */
export interface OutputUse extends Disposable {
  readonly takers: Takers;
  /** The result of a command that has ended, all of whose output is taken. */
  result(end: Started): Promise<RunResult>;
}

type Started = CommandEnd & { started: true };

interface CommandMethod extends Pick<RunMethod, 'name' | 'summary'> {
  readonly own: Own;
  /** What the result of a command that could not be started has besides the reason. */
  readonly nothing: Partial<RunResult>;
  /** Makes what takes the output of one command. */
  open(call: RunCall, spool: Spool): OutputUse;
}

/** A method that runs a program. */
export function createCommandMethod({ name, summary, own, ...method }: CommandMethod): RunMethod {
  // Reading process.env is slow, and this is read for every command.
  const all = { ...own, env: { ...own.env } };
  return {
    ...{ name, summary, kind: 'CommandACK', mode: 'run', args: COMMAND_ARGUMENTS, check: argumentsFault },
    run: (call) => run(call, all, method),
  };
}

async function run(
  call: RunCall,
  own: Own,
  { open, nothing }: Pick<CommandMethod, 'open' | 'nothing'>,
): Promise<RunResult> {
  const { message, signal } = call;
  const notStarted = (error: unknown): RunResult =>
    signal.aborted
      ? { state: abortedState(signal), reason: 'it had not been started' }
      : { ...failedToStart(message, error), ...nothing };
  const unread = ({ exitCode }: Started, error: unknown): RunResult => {
    const reason = `the command ran, but its output could not be read: ${systemFault(error)}`;
    return {
      ...failedToStart(message, new Error(reason)),
      ...nothing,
      ...(exitCode !== undefined && { exitCode }),
    };
  };
  const fault = argumentsFault(message);
  if (fault !== undefined) return notStarted(new Error(fault));
  if (signal.aborted) return notStarted(signal.reason);
  using spool = new Spool(own, call.live && call.id);
  try {
    const opening = () => open(call, spool);
    using output = ifRoom(opening) ?? (await withProcessRoom(opening, limitsOf(call, own)));
    const end = await runProgram(call, spool, { takers: output.takers, own });
    if (!end.started) return notStarted(end.error);
    return await output.result(end).catch((error) => unread(end, error));
  } catch (error) {
    return notStarted(error);
  }
}

/** Why a message names no program that could be run, or undefined. */
function argumentsFault({ methodArgs }: Message): string | undefined {
  if (!methodArgs?.[0]) return 'methodArgs is empty: its first item is the program to run';
  for (const [index, arg] of methodArgs.entries()) {
    if (arg.includes('\0')) return 'methodArgs contains a NUL character';
    if (arg.includes('\ufffd'))
      return `methodArgs[${index}] is not UTF-8, and would not be what was meant: send such bytes as data, with {{STEWARD_DATA_FILE}}`;
  }
  return undefined;
}

/** Runs the program that a message asks for; resolves when it has ended and all of its output is taken. Never rejects. */
async function runProgram(
  call: RunCall,
  spool: Spool,
  { takers, own }: { takers: Takers; own: Own },
): Promise<CommandEnd> {
  try {
    const limits = limitsOf(call, own);
    // For its start alone: it may be large, and the command may take days.
    const filling = () => fill(call, spool);
    let filled: FilledCommand | undefined = ifRoom(filling) ?? (await withProcessRoom(filling, limits));
    const take = () => own.pipes.takeIdle() ?? own.pipes.take();
    using stdout = ifRoom(() => own.pipes.takeIdle()) ?? (await withProcessRoom(take, limits));
    using stderr =
      takers.stderr && (ifRoom(() => own.pipes.takeIdle()) ?? (await withProcessRoom(take, limits)));
    const pipes = stderr ? [stdout, stderr] : [stdout];
    const end = await runCommand({
      start: async () => {
        const paths = { stdout: stdout.path, stderr: stderr?.path ?? stdout.path };
        const start = { ...filled!, folder: own.workingFolder, ...paths };
        filled = undefined;
        const begin = () => (own.spawner?.isReady() ? own.spawner.start(start) : startHere(start, own));
        const started = await withProcessRoom(begin, limits);
        stdout.read(takers.stdout);
        stderr?.read(takers.stderr!);
        return started;
      },
      ...{ runId: call.runId, timeoutMs: limits.timeoutMs, signal: limits.signal },
      outputNames: () => namesOf(pipes),
      findShortage: async () => faultOf(pipes) ?? (await takers.findShortage?.()),
    });
    const finished = await Promise.allSettled([stdout.finish(), stderr?.finish()]);
    // A command whose output was not taken to its end did not do well, whatever it says.
    const isTaken = finished.every(({ status }) => status === 'fulfilled');
    if (isTaken || !end.started || end.stopped !== undefined) return end;
    return { ...end, stopped: 'shortage', shortage: faultOf(pipes) };
  } catch (error) {
    return { started: false, error };
  }
}

/** How long it may wait for what it takes to begin, and who hears why. */
function limitsOf({ message, signal, progress }: RunCall, { defaultMethodTimeout }: Own) {
  return { timeoutMs: methodTimeoutMs(message, defaultMethodTimeout), signal, onWait: progress };
}

/** What a command is started with. */
function fill({ id, runId, message }: RunCall, spool: Spool): FilledCommand {
  const { args, variables } = fillCommand(message.methodArgs!, message.data ?? [], spool);
  return { args, variables: { ...variables, [REQUEST_ID_VARIABLE]: id, [RUN_ID_VARIABLE]: runId } };
}

function startHere(start: ProcessStart, { env, openFiles }: Own): Promise<StartedProcess> {
  const { args, folder } = start;
  const limited = openFiles === undefined ? args : withLimit(args, openFiles, { env, folder });
  return startProcess({ ...start, args: limited }, env);
}

/** What shows that a process holds one of the pipes; undefined where the system does not tell. */
function namesOf(pipes: readonly OutputPipe[]): ReadonlySet<string> | undefined {
  const names = pipes.map(({ name }) => name).filter((name) => name !== undefined);
  return names.length > 0 ? new Set(names) : undefined;
}

function faultOf(pipes: readonly OutputPipe[]): string | undefined {
  const fault = pipes.find((pipe) => pipe.fault !== undefined)?.fault;
  return fault === undefined ? undefined : `its output could not be kept: ${systemFault(fault)}`;
}

/** How a request ends whose command has ended; `facts` say what it printed, `tail` is the end of its errors. */
export function resultOf(
  { message, signal }: Pick<RunCall, 'message' | 'signal'>,
  end: Started,
  { facts, tail }: { facts: Partial<RunResult>; tail: Uint8Array },
): RunResult {
  const all = {
    ...(end.exitCode !== undefined && { exitCode: end.exitCode }),
    ...(end.signal !== undefined && { signal: end.signal }),
    ...facts,
  };
  if (end.stopped === undefined && end.exitCode === 0) return { state: 'succeeded', ...all };
  const state = stateOf(end, signal);
  const ended = { ...all, state, reason: describeFailure(end, message) };
  // What somebody asked for is no error.
  return state === 'cancelled' ? ended : { ...ended, error: failureReport(end, message, tail) };
}

function stateOf(end: Started, signal: AbortSignal): RunResult['state'] {
  if (end.stopped === 'timed-out') return 'timed-out';
  if (end.stopped === 'lost') return 'interrupted';
  return end.stopped === 'aborted' ? abortedState(signal) : 'failed';
}

/** The result of a command that could not be started, or of whose end nothing else can be told. */
function failedToStart(message: Message, error: unknown): RunResult {
  return { state: 'failed', outputBytes: 0, ...describeStart(message, error) };
}
