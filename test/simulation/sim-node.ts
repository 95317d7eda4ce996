import type { Bus } from '../../src/bus/bus.ts';
import type { Config } from '../../src/config/config.ts';
import type { Operations } from '../../src/contract/contract.ts';
import type { SubmissionAnswer } from '../../src/contract/requests.ts';
import type { WavesOrder } from '../../src/contract/waves.ts';
import { NewestIdNote } from '../../src/ledger/newest-id.ts';
import { KeyedLock } from '../../src/lib/keyed-lock.ts';
import type { Methods } from '../../src/methods/all-methods.ts';
import { createReqCancel } from '../../src/methods/between-nodes/req-cancel.ts';
import { createReqErrorLog } from '../../src/methods/between-nodes/req-error-log.ts';
import { createReqHello } from '../../src/methods/between-nodes/req-hello.ts';
import { createReqNone } from '../../src/methods/between-nodes/req-none.ts';
import { createReqPing } from '../../src/methods/between-nodes/req-ping.ts';
import { createReqPong } from '../../src/methods/between-nodes/req-pong.ts';
import { createReqReport } from '../../src/methods/between-nodes/req-report.ts';
import type { ProcessGround } from '../../src/methods/commands/run-command.ts';
import { type AppendableFiles, AppendFiles } from '../../src/methods/files/append-files.ts';
import { createHoldsContent, createWriteFile } from '../../src/methods/files/replace-file.ts';
import { createReqToFile } from '../../src/methods/files/req-to-file.ts';
import { createReqToFileAppend } from '../../src/methods/files/req-to-file-append.ts';
import type { Method } from '../../src/methods/method.ts';
import { createReqOpProcessList } from '../../src/methods/node-admin/req-op-process-list.ts';
import { createReqOpProcessStart } from '../../src/methods/node-admin/req-op-process-start.ts';
import { createReqOpProcessStop } from '../../src/methods/node-admin/req-op-process-stop.ts';
import { createReqOpQueueList } from '../../src/methods/node-admin/req-op-queue-list.ts';
import { createReqOpQueueRemove } from '../../src/methods/node-admin/req-op-queue-remove.ts';
import { createReqOpScheduleList } from '../../src/methods/node-admin/req-op-schedule-list.ts';
import { createStartupMethods } from '../../src/methods/node-admin/startup-methods.ts';
import { createReqHttpGet } from '../../src/methods/outside/req-http-get.ts';
import { createReqToConsole } from '../../src/methods/outside/req-to-console.ts';
import { createReqToSocket } from '../../src/methods/outside/req-to-socket.ts';
import {
  assembleNode,
  type Ground,
  type MachineMethods,
  type NodeParts,
} from '../../src/node/assemble-node.ts';
import { beginServing } from '../../src/node/serving.ts';
import type { Logger } from '../../src/observe/logger.ts';
import type { Metrics } from '../../src/observe/metrics.ts';
import { createOperations } from '../../src/operations/operations.ts';
import { KeptData } from '../../src/relay/kept-data.ts';
import type { AdmissionDeps } from '../../src/security/admission.ts';
import { RequestCancelling } from '../../src/sending/cancel-requests.ts';
import { RequestResending } from '../../src/sending/resend-requests.ts';
import { Submission } from '../../src/sending/submission.ts';
import { type Life, NEWEST_ID_FILE } from './machine.ts';
import type { SimAdmission } from './sim-admission.ts';
import type { Link, SimBroker } from './sim-broker.ts';
import { SimBus } from './sim-bus.ts';
import { createSimCommand, type SimProcesses } from './sim-commands.ts';
import { DATA_FOLDER, MAX_KEPT_BYTES, STARTUP_FOLDER } from './sim-config.ts';
import { SimStore } from './sim-disk.ts';
import { createSimStream, createSimTail, withLive } from './sim-streams.ts';
import type { Truth } from './truth.ts';

/** Other parts that a test hands in, to see that the simulator finds out; it gets what they stand in for. */
export interface Swaps {
  ground?(ground: Ground, life: Life): Ground;
  files?(files: AppendableFiles): AppendableFiles;
  processes?(ground: ProcessGround): ProcessGround;
  admission?(deps: AdmissionDeps): AdmissionDeps;
}

export interface SimNodeDeps {
  readonly broker: SimBroker;
  readonly link: Link;
  readonly truth: Truth;
  readonly processes: SimProcesses;
  readonly swaps: Swaps;
  /** Where it lets others into its fleet. */
  readonly admission?: SimAdmission | undefined;
  /** The node ends by itself, as a program that the system starts again. */
  onExit(error: Error): void;
}

/** Where a relay keeps data of what it relays, and how much. */
export const KEPT_FOLDER = 'simulated/relayed';
/** How long a method may take whose message does not say it, s. */
const DEFAULT_TIMEOUT = 20;
const METRICS = new Proxy({}, { get: () => () => {} }) as Metrics;
const AUDIT = { append: async () => {} };

/** A life of a node: the rooms of the real one, wired as the real one's, on simulated ground. */
export class SimNode {
  readonly life: Life;
  readonly #config: Config;
  readonly #deps: SimNodeDeps;
  readonly #stack = new AsyncDisposableStack();
  readonly #bus: SimBus;
  #parts: NodeParts | undefined;
  #operations: Pick<Operations, 'startWaves' | 'cancelBatch' | 'forgetNode' | 'nodes'> | undefined;

  constructor(config: Config, life: Life, deps: SimNodeDeps) {
    this.#config = config;
    this.life = life;
    this.#deps = deps;
    this.#bus = new SimBus(life, deps);
    this.#start().catch((error) => this.#exit(error as Error));
  }

  /** Whether it takes submissions. */
  get isReady(): boolean {
    return this.#parts !== undefined && !this.life.isOver;
  }

  /** Whether it is connected during calls alone, and a call goes on. */
  get isCalling(): boolean {
    return this.#parts?.calls?.isCalling ?? false;
  }

  /** Submits messages as a listener does. */
  submit(items: readonly object[]): Promise<SubmissionAnswer> {
    return new Submission(this.#config, this.#parts!).run(items);
  }

  async cancel(id: string): Promise<void> {
    const parts = this.#parts!;
    await new RequestCancelling({ ...parts, now: () => parts.clock.wallNow() }).request(id);
  }

  async resend(id: string): Promise<void> {
    const { maxMessageBytes } = this.#config;
    await new RequestResending({ ...this.#parts!, maxMessageBytes }).request(id);
  }

  /** Sends a message from node to node, under the id of a batch. */
  async startWaves(batch: string, order: WavesOrder): Promise<void> {
    await this.#operations!.startWaves(batch, order);
  }

  async cancelBatch(batch: string): Promise<void> {
    await this.#operations!.cancelBatch(batch);
  }

  /** Takes another node off its list. */
  async forget(node: string): Promise<void> {
    await this.#operations!.forgetNode(node, undefined);
  }

  /** The nodes on its list. */
  async known(): Promise<string[]> {
    return (await this.#operations!.nodes()).map(({ name }) => name);
  }

  /** Methods of which it takes no messages just now. */
  get stopped(): string[] {
    const { subscribers, methods } = this.#parts!;
    const taken = new Set(subscribers.list().map(({ method }) => method));
    return [...methods.keys()].filter((name) => !taken.has(name));
  }

  /** What it holds in memory of messages: how many lanes, and how many messages are known there. */
  get memory(): { readonly lanes: number; readonly messages: number } {
    const { outbox } = this.#parts!;
    return { lanes: outbox.lanes().length, messages: outbox.inMemory };
  }

  /** The process is no more, at once. */
  crash(): void {
    const { machine } = this.life;
    machine.unsureAt.push(machine.timeline.now);
    this.life.isOver = true;
    this.#deps.admission?.close();
    this.#bus.close();
  }

  /** Stops as on SIGTERM: takes no more, and writes down what is known. */
  async stop(): Promise<void> {
    await this.#stack.disposeAsync();
  }

  #exit(error: Error): void {
    if (this.life.isOver) return;
    this.life.machine.timeline.note(`${this.life.machine.name} ends: ${error.message}`);
    this.crash();
    this.#deps.onExit(error);
  }

  async #start(): Promise<void> {
    const { swaps } = this.#deps;
    const admitted = await this.#deps.admission?.open(this.life);
    const ground = { ...this.#ground(), ...admitted };
    this.#stack.use(ground.noted);
    const parts = await assembleNode(this.#config, swaps.ground?.(ground, this.life) ?? ground, this.#stack);
    const serving = beginServing(this.#config, ground, { parts, stack: this.#stack });
    admitted?.serve(this.#bus);
    serving.failed.then((error) => this.#exit(error));
    const own = { ...parts, stack: this.#stack };
    this.#operations = createOperations(this.#config, ground, own);
    this.#parts = parts;
    const { processes, truth } = this.#deps;
    if (processes.isLeftOver(this.life))
      truth.broke(`run once: a process of an earlier life goes on at ${this.life.machine.name}`);
  }

  #ground(): Ground & { readonly noted: NewestIdNote } {
    const { life } = this;
    const { machine } = life;
    const note = (fields: { err?: Error } | string, text = '') =>
      machine.timeline.note(
        `${machine.name} says: ${typeof fields === 'string' ? fields : `${text} ${fields.err?.message ?? ''}`}`,
      );
    const store = new SimStore(machine.disk, life);
    const noted = new NewestIdNote(NEWEST_ID_FILE, { ...life.edges, store, logger: { warn: note } });
    return {
      ...life.edges,
      logger: { warn: note, error: note, info: note, debug: () => {} } as unknown as Logger,
      metrics: METRICS,
      ...{ store, noted, notedId: noted.before },
      audit: AUDIT,
      bus: this.#bus as unknown as Bus,
      version: 'simulated',
      writeFile: createWriteFile(
        { dataFolder: DATA_FOLDER },
        { lock: new KeyedLock(), files: life.edges.files },
      ),
      instance: `disk of ${machine.name}`,
      keptData: new KeptData(KEPT_FOLDER, {
        ...life.edges,
        maxBytes: MAX_KEPT_BYTES,
        logger: { warn: note },
      }),
      killLeftovers: async (runIds, { requestIds }) => this.#deps.processes.killLeftovers(runIds, requestIds),
      makeMethods: (deps, table) => this.#makeMethods(deps, table),
    };
  }

  #makeMethods(deps: MachineMethods, table: Map<string, Method>): Methods {
    const { life } = this;
    const { swaps } = this.#deps;
    const files = life.machine.files.open(life);
    const processes = this.#deps.processes.ground(life);
    const withFiles = {
      lock: new KeyedLock(),
      clock: life.edges.clock,
      files: swaps.files?.(files) ?? files,
    };
    const appendFiles = new AppendFiles({ dataFolder: '' }, withFiles);
    const command = { ...this.#deps, life, ground: swaps.processes?.(processes) ?? processes };
    const { clock, files: system } = life.edges;
    const now = () => new Date(clock.wallNow());
    const folder = { dataFolder: DATA_FOLDER };
    const writeFile = createWriteFile(folder, { lock: new KeyedLock(), files: system });
    const notices = { ...deps, writeFile, now };
    const { outside } = life.machine;
    const page = { clock, fetch: outside.fetchFor(life, this.#deps.truth) };
    const methods: Method[] = [
      createReqToFileAppend({ appendFiles }),
      createReqToFile({ writeFile, holdsContent: createHoldsContent(folder, system) }),
      createReqReport(),
      createReqCancel(deps),
      withLive(createSimCommand(command), command),
      createSimStream(command),
      createSimTail(life),
      createReqPing(notices),
      createReqPong(notices),
      createReqNone(),
      createReqHttpGet({ spoolFolder: '', defaultMethodTimeout: DEFAULT_TIMEOUT }, page),
      createReqToSocket({ workingFolder: '/run' }, outside.writerFor(life)),
      createReqToConsole({ stdout: outside.stdoutFor(life) }),
      ...createStartupMethods({ startupFolder: STARTUP_FOLDER }, { ...deps, files: system }),
      ...createOwnMethods(this.#config.nodeName, deps, { now, table }),
      createReqErrorLog({}, { ...deps, appendFiles }),
      // What a hello leaves in a file nobody reads.
      createReqHello({ ...deps, writeFile: async () => ({ ok: true }), now }),
      ...(deps.otherMethods ?? []),
    ];
    for (const method of methods) table.set(method.name, noted(method, this.#deps.truth));
    return Object.assign(table, { [Symbol.asyncDispose]: async () => {} });
  }
}

/** A method of which it is noted that it was asked for. */
function noted(method: Method, { methods }: Truth): Method {
  const note = () => void methods.add(method.name);
  const after = <A extends unknown[], R>(work: (...args: A) => R) => {
    return (...args: A): R => {
      note();
      return work(...args);
    };
  };
  if (method.mode === 'effect') return { ...method, apply: after(method.apply) };
  if (method.mode === 'run') return { ...method, run: after(method.run) };
  return { ...method, forward: after(method.forward) };
}

/** What a node tells of itself, and lets others change of it. */
function createOwnMethods(
  nodeName: string,
  deps: MachineMethods,
  { now, table }: { now(): Date; table: ReadonlyMap<string, Method> },
): Method[] {
  const isKnownMethod = (name: string) => table.has(name);
  const own = { ...deps, nodeName, now, isKnownMethod, methods: table };
  return [
    ...[createReqOpProcessList(own), createReqOpProcessStart(own), createReqOpProcessStop(own)],
    ...[createReqOpQueueList(own), createReqOpQueueRemove(own), createReqOpScheduleList(own)],
  ];
}
