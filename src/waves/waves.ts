import { isDeepStrictEqual } from 'node:util';
import type { Operations } from '../contract/contract.ts';
import { OperationError } from '../contract/operation-error.ts';
import type { WavesOrder, WavesState } from '../contract/waves.ts';
import { isUuidV7 } from '../lib/uuid.ts';
import { amountOf, limitTo, planOf, stateOf } from './plan-of.ts';
import { isRunPlan, type RunPlan } from './run-plan.ts';
import { WaveRun, type WaveRunDeps } from './wave-run.ts';

/** What is kept of runs on disk. */
export interface KeptWaves {
  /** The batches whose waves are not over. */
  open(): Promise<readonly string[]>;
  /** The plan of a batch, whoever made it; undefined where there is none. */
  planOf(batch: string): Promise<unknown>;
  /** Writes the plan down, and whether it is to be gone on with, in one transaction. */
  keep(batch: string, plan: RunPlan, label?: string): Promise<void>;
}

interface WavesDeps extends Omit<WaveRunDeps, 'keep' | 'operations'> {
  readonly operations: WaveRunDeps['operations'] & Pick<Operations, 'targets' | 'methods'>;
  readonly kept: KeptWaves;
}

/** More batches than this do not go from node to node at once. */
const MOST = 100;
/** What a message would go to besides whose turn it is. */
const TARGET_FIELDS: ReadonlySet<string> = new Set(['tonode', 'tonodes', 'totargets']);

/** The batches that go from node to node: this node holds them, whoever began them and whether or not somebody looks on. */
export class Waves implements AsyncDisposable {
  readonly #deps: WavesDeps;
  readonly #runs = new Map<string, WaveRun>();
  /** Batches that are being begun: an order that comes twice is one. */
  readonly #beginning = new Map<string, Promise<WavesState>>();
  #isOver = false;

  constructor(deps: WavesDeps) {
    this.#deps = deps;
  }

  /** Goes on with what was not over when the node ended. */
  async resume(): Promise<void> {
    const { kept } = this.#deps;
    for (const batch of await kept.open()) {
      const plan = await kept.planOf(batch);
      if (isRunPlan(plan) && !plan.isOver && plan.stopped === undefined) this.#run(batch, plan);
    }
  }

  /** Begins the waves of a batch, or goes on with them; resolves with how far they have come. Throws OperationError. */
  start(batch: string, order: WavesOrder, by?: string): Promise<WavesState> {
    const begun = this.#beginning.get(batch) ?? this.#begin(batch, order, by);
    this.#beginning.set(batch, begun);
    return begun.finally(() => this.#beginning.delete(batch));
  }

  /** Gives nobody of a batch a turn any more; where that cannot be written down, as on a full disk, it goes on, and this throws. */
  async stop(batch: string, reason: string): Promise<void> {
    await this.#beginning.get(batch)?.catch(() => {});
    const run = this.#runs.get(batch);
    await run?.stop();
    try {
      const plan = await this.#deps.kept.planOf(batch);
      if (isRunPlan(plan) && plan.version === 3 && !plan.isOver)
        await this.#deps.kept.keep(batch, { ...plan, isOver: true, stopped: reason });
    } catch (error) {
      if (run && !this.#runs.has(batch)) this.#run(batch, run.plan);
      throw error;
    }
  }

  /** Leaves all for the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.all([...this.#runs.values()].map((run) => run.stop()));
  }

  async #begin(batch: string, order: WavesOrder, by: string | undefined): Promise<WavesState> {
    const { kept } = this.#deps;
    if (!isUuidV7(batch))
      throw new OperationError(
        'bad-request',
        `${batch.slice(0, 80)} is no id of a batch: it must be a UUIDv7`,
      );
    const known = await kept.planOf(batch);
    if (isRunPlan(known) && !isDeepStrictEqual(known.message, order.message)) {
      const reason = `batch ${batch} has another message: one with this message needs an id of its own`;
      throw new OperationError('bad-request', reason, { field: 'message' });
    }
    // An order that comes again, as when its answer was lost, does not undo that somebody cancelled it meanwhile.
    if (isRunPlan(known) && (this.#runs.has(batch) || (known.isOver && !order.resume))) return stateOf(known);
    if (this.#runs.size >= MOST)
      throw new OperationError(
        'busy',
        `${MOST} batches go from node to node already: wait for one, or cancel it`,
      );
    const targets = await this.#targetsOf(order);
    const plan = { ...planOf(order, targets), ...(by === undefined ? {} : { by }) };
    await this.#check(plan);
    await kept.keep(batch, plan, order.label);
    this.#run(batch, plan);
    return stateOf(plan);
  }

  /** The names of those who are meant. Throws OperationError. */
  async #targetsOf(order: WavesOrder): Promise<string[]> {
    const limit = amountOf(order, 'limit');
    const { nodes, unknown, skipped = [] } = await this.#deps.operations.targets({ targets: order.targets });
    const isTaken = ({ name }: { name?: string }) => order.takesNew === true && name !== undefined;
    const faults = unknown.filter((one) => !isTaken(one));
    if (faults.length > 0)
      throw new OperationError('bad-request', faults.map(({ reason }) => reason).join('; '), {
        field: 'targets',
      });
    const names = [...unknown, ...(order.takesNew ? skipped : [])].flatMap(({ name }) => name ?? []);
    const added = [...new Set(names)].map((name) => ({ name, presence: 'unknown' as const }));
    const all = [...nodes.map(({ name, presence }) => ({ name, presence })), ...added];
    const chosen = limitTo(all, limit).map(({ name }) => name);
    if (chosen.length > 0) return chosen;
    throw new OperationError('bad-request', 'the targets mean no node', { field: 'targets' });
  }

  /** What is wrong with the message is said before anything is begun. */
  async #check({ message, targets }: RunPlan): Promise<void> {
    const { operations } = this.#deps;
    const target = Object.keys(message).find((key) => TARGET_FIELDS.has(key.toLowerCase()));
    if (target !== undefined)
      throw new OperationError('bad-request', `${target}: the targets of waves are in targets alone`, {
        field: 'message',
      });
    const name = String(message.method).toLowerCase();
    const method = (await operations.methods()).find((one) => one.name.toLowerCase() === name);
    if (method?.kind.endsWith('NACK'))
      throw new OperationError('bad-request', `nobody answers ${method.name}: it cannot go in waves`, {
        field: 'message',
      });
    const body = Buffer.from(JSON.stringify([{ ...message, toNode: targets[0] }]));
    const [refusal] = (await operations.submit(body, { dryRun: true })).refused;
    if (refusal === undefined) return;
    const field = refusal.field === null ? '' : `${refusal.field}: `;
    throw new OperationError('bad-request', `${field}${refusal.reason}`, { field: 'message' });
  }

  #run(batch: string, plan: RunPlan): void {
    if (this.#isOver) return;
    const run = new WaveRun(batch, plan, this.#deps);
    this.#runs.set(batch, run);
    void run.ended.then(() => this.#runs.delete(batch));
  }
}
