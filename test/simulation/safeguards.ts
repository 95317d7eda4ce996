import { HEADER } from '../../src/message/codec/wire-headers.ts';
import type { Asks } from './ask.ts';
import type { FaultKind } from './faults.ts';
import type { Swaps } from './sim-node.ts';
import {
  alwaysDone,
  atOnce,
  changed,
  expiring,
  leavingOut,
  onBus,
  onClock,
  onFile,
  onMethod,
  onStore,
  onSubject,
  onTraffic,
  trustingKept,
  withoutSync,
} from './swaps.ts';

/** Something that keeps the promise, and what a node is without it. */
export interface Safeguard {
  readonly name: string;
  /** The weather in which it is missed, and a seed that finds that. */
  readonly kinds: readonly FaultKind[];
  readonly seed: number;
  /** Whether links have budgets then. */
  readonly hasBudgets?: boolean;
  /** Whether the fleet is closed then. */
  readonly isClosed?: boolean;
  /** What is asked for then; what was asked for at first, unless told. */
  readonly asks?: Asks;
  /** What the check says that is to find it; any check may, unless told. */
  readonly finds?: RegExp;
  readonly without: Swaps;
}

/** Whether a run found that a safeguard is gone. */
export function isFound({ finds }: Safeguard, failure: Error | undefined): boolean {
  return failure !== undefined && (finds === undefined || finds.test(failure.message));
}

/** What is wrong with lines that were told. */
const LINES = /^(stream|tail|live) /;
/** What is wrong with a file that was copied. */
const TORN = /^copy .* (that are no file of anybody|no version of its file arrived)/;

/** What the simulator must find gone. Each is taken out by a part that is handed in, never by an option of the program. */
export const SAFEGUARDS: readonly Safeguard[] = [
  {
    name: 'the floor of a lane bridges places that were given up',
    ...{ kinds: ['cut', 'crash'], seed: 10 },
    without: onBus({
      publish: (headers) => changed(headers, HEADER.lane, (place) => place.replace(/\d+$/, '1')),
    }),
  },
  {
    name: 'what comes again is answered again',
    ...{ kinds: ['cut', 'crash'], seed: 1 },
    without: onBus({ publish: (headers) => (headers[HEADER.status] === 'duplicate' ? undefined : headers) }),
  },
  {
    name: 'a gap is answered with the place that is waited for',
    ...{ kinds: ['cut', 'crash', 'slow'], seed: 302 },
    without: onBus({
      publish: (headers) =>
        changed(headers, HEADER.status, (status) => (status === 'gap' ? 'accepted' : status)),
    }),
  },
  {
    name: 'a message is known again by its place in the lane',
    ...{ kinds: ['cut', 'crash'], seed: 1 },
    without: onBus({ hides: HEADER.lane }),
  },
  {
    name: 'the start of a run is on disk before it begins',
    ...{ kinds: ['crash'], seed: 1 },
    without: onStore(leavingOut(/^UPDATE journal SET state = 'running'/)),
  },
  {
    name: 'the place that a receiving lane has come to is on disk',
    ...{ kinds: ['crash'], seed: 2 },
    without: onStore(leavingOut(/INTO journal_lanes/)),
  },
  {
    name: 'an append is noted before it is made',
    ...{ kinds: ['crash'], seed: 5 },
    without: onStore(leavingOut(/INTO intents/)),
  },
  {
    name: 'what is accepted is in the outbox',
    ...{ kinds: ['crash', 'stop'], seed: 1 },
    without: onStore(leavingOut(/INTO outbox/)),
  },
  {
    name: 'what is delivered leaves the outbox',
    ...{ kinds: ['crash'], seed: 1 },
    without: onStore(leavingOut(/^DELETE FROM outbox/)),
  },
  {
    name: 'a word is given when it is on disk',
    ...{ kinds: ['crash'], seed: 1 },
    without: onStore((store) => async (statements) => {
      store.write(statements).catch(() => {});
    }),
  },
  {
    name: 'a transaction is written as one',
    ...{ kinds: ['crash'], seed: 5 },
    without: onStore((store) => async (statements) => {
      for (const statement of statements) await store.write([statement]);
    }),
  },
  {
    name: 'a write that failed is not taken for made',
    ...{ kinds: ['full', 'locked', 'eio'], seed: 7 },
    without: onStore((store) => (statements) => store.write(statements).catch(() => {})),
  },
  {
    name: 'a fault of the disk that may pass is no verdict on a message',
    ...{ kinds: ['full', 'locked', 'eio'], seed: 12 },
    without: onStore((store) => async (statements) => {
      await store.write(statements).catch((error) => {
        throw new Error(error.message);
      });
    }),
  },
  {
    name: 'an append that a crash cut short is undone',
    ...{ kinds: ['crash', 'power'], seed: 3 },
    without: onMethod('REQToFileAppend', (method) => ({ ...method, recover: async () => true })),
  },
  {
    name: 'appends are synced',
    ...{ kinds: ['power'], seed: 1 },
    without: withoutSync(),
  },
  {
    name: 'processes of an earlier life are ended',
    ...{ kinds: ['crash'], seed: 1 },
    without: { ground: (ground) => ({ ...ground, killLeftovers: async () => new Set() }) },
  },
  {
    name: 'a command that has ended by itself has not timed out, whatever its node heard first',
    ...{ kinds: ['freeze'], seed: 14 },
    without: {
      processes: (ground) => ({
        ...ground,
        isGroupAwaited: async () => true,
        clock: {
          ...ground.clock,
          after: (ms, task) => (ms > 0 ? ground.clock.after(ms, task) : atOnce(task)),
        },
      }),
    },
  },
  {
    name: 'an append that failed is tried again',
    ...{ kinds: ['files'], seed: 1 },
    without: onMethod('REQToFileAppend', alwaysDone),
  },
  {
    name: 'the clock that lives go by is kept over a restart',
    ...{ kinds: ['clock', 'crash'], seed: 25 },
    without: onStore(
      (store) => (statements) => store.write(statements.filter(({ rows }) => rows[0]?.[0] !== 'kept_clock')),
    ),
  },
  {
    name: 'pauses are measured by a clock that nobody sets',
    ...{ kinds: ['clock', 'cut', 'crash'], seed: 2 },
    without: onClock((clock) => ({ ...clock, steadyNow: () => clock.wallNow() })),
  },
  {
    name: 'reports live until they are answered',
    ...{ kinds: ['away'], seed: 21, asks: 'told', finds: LINES },
    without: onStore(
      (store) => (statements) => store.write(statements.map((one) => expiring(one, store, statements))),
    ),
  },
  {
    name: 'what a restored database knows nothing of is asked for',
    ...{ kinds: ['backup'], seed: 13, finds: /^an end for everything: a request is open/ },
    without: onSubject(/\.Steward\.State/),
  },
  {
    name: 'what a target says it made counts also for what was cancelled meanwhile',
    ...{ kinds: ['slow'], seed: 4 },
    without: onStore(
      (store) => (statements) =>
        store.write(statements.map((one) => ({ ...one, sql: one.sql.replace(", 'cancelled')", ')') }))),
    ),
  },
  {
    name: 'what a target says it made counts also for what a newer one took the place of meanwhile',
    ...{ kinds: ['slow'], seed: 1_000_013, asks: 'second' },
    without: onStore(
      (store) => (statements) =>
        store.write(
          statements.map((one) => ({ ...one, sql: one.sql.replace("'expired', 'superseded'", "'expired'") })),
        ),
    ),
  },
  {
    name: 'which waves are under way is on disk',
    ...{ kinds: ['crash', 'stop'], seed: 24, asks: 'fourth', finds: /^waves: .* is not over/ },
    without: onStore(leavingOut(/INTO waves/)),
  },
  {
    name: 'lines that a crash cut short, as a command printed them, are undone',
    ...{ kinds: ['crash', 'power'], seed: 8, asks: 'told', finds: LINES },
    without: onMethod('REQToFileAppend', (method) => ({ ...method, recover: async () => true })),
  },
  {
    name: 'lines that a command prints while it runs are synced',
    ...{ kinds: ['power'], seed: 1, asks: 'told', finds: LINES },
    without: withoutSync(),
  },
  {
    name: 'a file that was copied is synced before it takes its place',
    ...{ kinds: ['power'], seed: 2, asks: 'copies', finds: TORN },
    without: onFile({ sync: async () => {} }),
  },
  {
    name: 'a source that changes ends its copy',
    ...{ kinds: ['cut'], seed: 4, asks: 'copies', finds: TORN },
    without: onFile({ stat: async (stat) => ({ ...(await stat({ bigint: true })), mtimeNs: 0n }) }),
  },
  {
    name: 'what came of a copy that was called off is removed',
    ...{ kinds: ['cut'], seed: 2, asks: 'copies', finds: /^copies: .* is left at/ },
    without: onMethod('REQCopyFileTo', (method) => ({
      ...method,
      apply: async (batch, context) => {
        const isAbort = batch[0]?.message.methodArgs?.[3] === 'abort';
        return isAbort ? batch.map(() => ({ ok: true })) : await method.apply(batch, context);
      },
    })),
  },
  {
    name: 'what a relay kept is what was sent, or is sent again',
    ...{ kinds: ['power'], seed: 14, asks: 'relayed', finds: / wrote what nobody sent$/ },
    without: trustingKept(),
  },
  {
    name: 'what goes over a link counts against its budget',
    ...{ kinds: ['cut'], seed: 3, asks: 'copies', hasBudgets: true, finds: /^budget: / },
    without: onTraffic(() => 0),
  },
  {
    name: 'what did not go over a link counts against no budget',
    ...{ kinds: ['cut'], seed: 1, asks: 'fourth', hasBudgets: true, finds: /was to be tried for long/ },
    without: onTraffic((bytes) => 30 * bytes),
  },
  {
    name: 'what a socket did not take is not taken for written',
    ...{
      kinds: ['outside'],
      seed: 15,
      asks: 'outside',
      finds: /^socket .* is succeeded .*, and nobody took it$/,
    },
    without: onMethod('REQToSocket', alwaysDone),
  },
  {
    name: 'who is let in is on disk before that is told',
    ...{
      kinds: ['crash', 'storm'],
      seed: 1,
      isClosed: true,
      finds: /^admission: .* was told that it is let in, and is not$/,
    },
    without: { admission: (deps) => ({ ...deps, writeFile: async () => {} }) },
  },
];
