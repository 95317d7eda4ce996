import type { Clock } from '../lib/clock.ts';
import { CodedError } from '../lib/coded-error.ts';
import { errorCode } from '../lib/system-fault.ts';
import {
  type ProcessDeps,
  type ProcessInfo,
  type ProcessKind,
  type ProcessSpec,
  SupervisedProcess,
} from './process.ts';

/** What the supervisor needs: `errorReporter` hears of every failure of a process, before its restart. */
export interface SupervisorDeps {
  readonly logger: { error(about: object, text: string): void };
  readonly errorReporter: { report(text: string): void };
  readonly clock: Clock;
}

/** A process by its id, or by what it does. */
export type ProcessRef = number | { readonly kind: ProcessKind; readonly name: string };

/**
 * Keeps named units of work running: starts, stops, lists them, and restarts those that fail, ever more slowly. They are
 * numbered from `firstId` (1) on.
 */
export class Supervisor implements AsyncDisposable {
  readonly #deps: SupervisorDeps;
  readonly #ofProcesses: ProcessDeps;
  readonly #processes = new Map<number, SupervisedProcess>();
  readonly #byName = new Map<string, SupervisedProcess>();
  #nextId: number;
  #stopped: Promise<void> | undefined;

  constructor({ firstId = 1 }: { firstId?: number }, deps: SupervisorDeps) {
    this.#nextId = firstId;
    this.#deps = deps;
    this.#ofProcesses = { clock: deps.clock, onFailure: this.#crashed };
  }

  /**
   * Starts a process; resolves after its first attempt, also when that failed and will be made again.
   * Throws SupervisorError when one of that kind and name runs already.
   */
  async start(spec: ProcessSpec): Promise<ProcessInfo> {
    if (this.#stopped !== undefined) {
      throw new SupervisorError(
        'stopped',
        `the ${spec.kind} ${spec.name} is not started: the node is stopping`,
      );
    }
    const same = this.#find(spec);
    if (same !== undefined) {
      const what = same.info.state === 'stopping' ? 'is still stopping' : 'runs already';
      throw new SupervisorError(
        'already-running',
        `the ${spec.kind} ${spec.name} ${what}, with id ${same.id}`,
      );
    }
    const process = new SupervisedProcess(this.#nextId++, spec, this.#ofProcesses);
    this.#processes.set(process.id, process);
    this.#byName.set(keyOf(spec), process);
    await process.start();
    return process.info;
  }

  /** Starts a process unless one of that kind and name is there; that it cannot be started is logged. */
  keep(spec: ProcessSpec): void {
    if (this.has(spec.kind, spec.name)) return;
    this.start(spec).catch((error) =>
      this.#deps.logger.error({ err: error }, `the ${spec.kind} ${spec.name} was not started`),
    );
  }

  /** Stops a process and waits for its end; answers with what it was, or undefined when there is none. */
  async stop(ref: ProcessRef): Promise<ProcessInfo | undefined> {
    const process = this.#find(ref);
    if (process === undefined) return undefined;
    const { info } = process;
    try {
      await process.stop();
    } catch (error) {
      this.#deps.logger.error({ err: error, process: info.name }, `the ${info.kind} did not stop cleanly`);
    }
    this.#processes.delete(process.id);
    this.#byName.delete(keyOf(info));
    return info;
  }

  /** All processes, by id. */
  list(): ProcessInfo[] {
    return [...this.#processes.values()].map(({ info }) => info).sort((a, b) => a.id - b.id);
  }

  has(kind: ProcessKind, name: string): boolean {
    return this.#find({ kind, name }) !== undefined;
  }

  /** Starts nothing more, and stops all processes, the youngest first. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  async #stopAll(): Promise<void> {
    for (const { id } of this.list().reverse()) await this.stop(id);
  }

  #find(ref: ProcessRef): SupervisedProcess | undefined {
    return typeof ref === 'number' ? this.#processes.get(ref) : this.#byName.get(keyOf(ref));
  }

  readonly #crashed: ProcessDeps['onFailure'] = (process, error, retryInMs) => {
    // What the broker refuses is logged and reported where it was refused.
    if (errorCode(error) === 'refused') return;
    const { id, kind, name } = process;
    this.#deps.logger.error({ err: error, id, process: name, retryInMs }, `the ${kind} failed`);
    this.#deps.errorReporter.report(`error: process ${name} failed and is started again: ${error.message}`);
  };
}

function keyOf({ kind, name }: { kind: ProcessKind; name: string }): string {
  return `${kind} ${name}`;
}

/** Why the supervisor refused. */
type SupervisorErrorCode = 'already-running' | 'stopped';

/** The supervisor did not start a process. */
class SupervisorError extends CodedError<SupervisorErrorCode> {
  override name = 'SupervisorError';
}
