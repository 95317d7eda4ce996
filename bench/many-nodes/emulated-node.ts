import { Bus } from '../../src/bus/bus.ts';
import type { Config } from '../../src/config/config.ts';
import { machineEdges } from '../../src/lib/edges.ts';
import type { Methods } from '../../src/methods/all-methods.ts';
import { createReqCancel } from '../../src/methods/between-nodes/req-cancel.ts';
import { createReqReport } from '../../src/methods/between-nodes/req-report.ts';
import type { Method } from '../../src/methods/method.ts';
import { assembleNode, type Ground, type MachineMethods } from '../../src/node/assemble-node.ts';
import { busOptions } from '../../src/node/part-options.ts';
import { beginServing } from '../../src/node/serving.ts';
import type { Logger } from '../../src/observe/logger.ts';
import type { Metrics } from '../../src/observe/metrics.ts';
import { testConfig } from '../../test/support/test-config.ts';
import { MemoryStore } from './memory-store.ts';

/** Where an emulated node connects, and as whom. */
export interface NodeSpec {
  readonly name: string;
  readonly url: string;
  readonly seedFile: string;
}

const quiet = () => {};
const LOGGER = { warn: quiet, error: quiet, info: quiet, debug: quiet } as unknown as Logger;
const METRICS = new Proxy({}, { get: () => quiet }) as Metrics;

/**
 * A node of many in one process: its bus, outbox, journal, ledger and reporter are the program's own, as are its key and
 * its connection. Its database is in memory, and its commands end at once, since neither is what a central node has to bear.
 */
export class EmulatedNode implements AsyncDisposable {
  readonly name: string;
  /** How often each request was run. */
  readonly runs = new Map<string, number>();
  readonly #stack = new AsyncDisposableStack();
  readonly #bus: Bus;

  private constructor(name: string, bus: Bus) {
    this.name = name;
    this.#bus = bus;
  }

  /** Makes a node and begins to connect. */
  static async start(spec: NodeSpec): Promise<EmulatedNode> {
    const config = configOf(spec);
    const bus = new Bus(busOptions(config), { logger: LOGGER });
    const node = new EmulatedNode(spec.name, bus);
    node.#stack.use(bus);
    const store = node.#stack.use(new MemoryStore());
    const ground: Ground = {
      ...{ ...machineEdges(), bus, store, logger: LOGGER, metrics: METRICS, version: 'emulated' },
      instance: spec.name,
      audit: { append: async () => {} },
      killLeftovers: async () => new Set(),
      writeFile: async () => ({ ok: true }),
      makeMethods: (deps, table) => node.#makeMethods(deps, table),
    };
    const parts = await assembleNode(config, ground, node.#stack);
    beginServing(config, ground, { parts, stack: node.#stack });
    return node;
  }

  get isConnected(): boolean {
    return this.#bus.isConnected;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  #makeMethods(deps: MachineMethods, table: Map<string, Method>): Methods {
    const command: Method = {
      ...{ name: 'REQCliCommand', kind: 'CommandACK', mode: 'run', summary: '', args: [] },
      run: async ({ id }) => {
        this.runs.set(id, (this.runs.get(id) ?? 0) + 1);
        return { state: 'succeeded', exitCode: 0, outputBytes: 0, reply: new Uint8Array(0) };
      },
    };
    for (const method of [createReqReport(), createReqCancel(deps), command, ...(deps.otherMethods ?? [])])
      table.set(method.name, method);
    return Object.assign(table, { [Symbol.asyncDispose]: async () => {} });
  }
}

function configOf({ name, url, seedFile }: NodeSpec): Config {
  return testConfig({
    ...{ nodeName: name, brokerAddress: url, nkeySeedFile: seedFile },
    ...{ natsConnOptTimeoutSeconds: 20, natsConnectRetryIntervalSeconds: 10, natsReconnectJitterMs: 100 },
    ...{ natsReconnectJitterTlsSeconds: 5, linkSilenceSeconds: 60, helloIntervalSeconds: 300 },
    ...{ compression: '', serialization: 'cbor', databaseFolder: 'in memory' },
    ...{ maxMessageBytes: 1024 * 1024, ledgerOutputBytes: 4096 },
    ...{ defaultMessageTimeoutSeconds: 10, defaultMessageRetries: 1, defaultMethodTimeoutSeconds: 20 },
    ...{ messageTtlSeconds: 604_800, errorMessageTimeoutSeconds: 60, errorMessageRetries: 10 },
    trust: { mode: 'open', wantsProof: false, originals: [], relays: [], replyCommands: false },
    startSub: {} as Config['startSub'],
  });
}
