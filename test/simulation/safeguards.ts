import type { Bus } from '../../src/bus/bus.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { BRIEF } from '../../src/message/codec/brief.ts';
import { HEADER } from '../../src/message/codec/wire-headers.ts';
import type { WireMessage } from '../../src/message/wire-message.ts';
import type { Method } from '../../src/methods/method.ts';
import type { Ground } from '../../src/node/assemble-node.ts';
import { LANE_SPAN } from '../../src/store/lane-span.ts';
import type { Statement } from '../../src/store/statement.ts';
import type { Store } from '../../src/store/store.ts';
import type { Asks } from './asks.ts';
import type { FaultKind } from './faults.ts';
import type { Life } from './machine.ts';
import type { Swaps } from './sim-node.ts';
import { MESSAGE_TTL_SECONDS } from './world.ts';

/** Something that keeps the promise, and what a node is without it. */
export interface Safeguard {
  readonly name: string;
  /** The weather in which it is missed, and a seed that finds that. */
  readonly kinds: readonly FaultKind[];
  readonly seed: number;
  /** What is asked for then; what was asked for at first, unless told. */
  readonly asks?: Asks;
  readonly without: Swaps;
}

/** What the simulator must find gone. Each is taken out by a part that is handed in, never by an option of the program. */
export const SAFEGUARDS: readonly Safeguard[] = [
  {
    name: 'the floor of a lane bridges places that were given up',
    ...{ kinds: ['cut', 'crash'], seed: 6 },
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
    ...{ kinds: ['cut', 'crash', 'slow'], seed: 7 },
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
    ...{ kinds: ['crash'], seed: 3 },
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
    without: {
      files: (files) => ({
        ...files,
        borrow: async (path) => {
          const file = await files.borrow(path);
          return { ...file, handle: Object.assign(file.handle, { datasync: async () => {} }) };
        },
      }),
    },
  },
  {
    name: 'processes of an earlier life are ended',
    ...{ kinds: ['crash'], seed: 1 },
    without: { ground: (ground) => ({ ...ground, killLeftovers: async () => {} }) },
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
    without: onMethod('REQToFileAppend', (method) => ({
      ...method,
      apply: async (batch, context) =>
        (await method.apply(batch, context).catch(() => batch.map(() => undefined))).map(() => ({
          ok: true,
        })),
    })),
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
    ...{ kinds: ['away'], seed: 1 },
    without: onStore(
      (store) => (statements) => store.write(statements.map((one) => expiring(one, store, statements))),
    ),
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
];

type Headers = Readonly<Record<string, string>>;
type EffectMethod = Extract<Method, { mode: 'effect' }>;

/** A bus whose messages go out with other headers, or not at all, and whose messages come in without a header; none are brief. */
function onBus(change: { publish?(headers: Headers): Headers | undefined; hides?: string }): Swaps {
  return {
    ground: (ground) => {
      const { bus } = ground;
      const publish: Bus['publish'] = (subject, payload, more) => {
        const own = more?.headers && atLength(more.headers);
        const headers = change.publish ? change.publish({ ...own }) : own;
        if (headers === undefined && more?.headers) return true;
        return bus.publish(subject, payload, { ...more, ...(headers && { headers: { ...headers } }) });
      };
      const subscribe: Bus['subscribe'] = (subject, handler) =>
        bus.subscribe(subject, (message) => handler(change.hides ? hiding(message, change.hides) : message));
      return { ...ground, bus: overlay(bus, { publish, subscribe }) };
    },
  };
}

/** Headers that do not say that brief ones are read. */
function atLength(headers: Headers): Headers {
  const without = (words: string) => words.replace(` ${BRIEF}`, '');
  return changed(changed(headers, HEADER.knows, without), HEADER.hello, without);
}

function onStore(write: (store: Store, life: Life) => Store['write']): Swaps {
  return {
    ground: (ground: Ground, life) => ({
      ...ground,
      store: overlay(ground.store, { write: write(ground.store, life) }),
    }),
  };
}

/** Statements that match are never written. */
function leavingOut(pattern: RegExp) {
  return (store: Store) => (statements: readonly Statement[]) =>
    store.write(statements.filter(({ sql }) => !pattern.test(sql.trim())));
}

function onClock(change: (clock: Clock, life: Life) => Clock): Swaps {
  return { ground: (ground, life) => ({ ...ground, clock: change(ground.clock, life) }) };
}

function atOnce(task: () => void): () => void {
  queueMicrotask(task);
  return () => {};
}

/** Messages about ends live no longer than others. */
function expiring(one: Statement, store: Store, all: readonly Statement[]): Statement {
  if (!/^INSERT INTO outbox/.test(one.sql)) return one;
  const reports = [
    ...all.filter(({ sql }) => /^INSERT INTO lanes/.test(sql)).flatMap(({ rows }) => rows),
    ...store
      .all<{ id: number; subject: string }>('SELECT id, subject FROM lanes')
      .map(({ id, subject }) => [id, subject]),
  ].filter(([, subject]) => String(subject).includes('.REQReport.'));
  const lanes = new Set(reports.map(([id]) => Number(id)));
  const rows = one.rows.map((row) => {
    const [key, id, queuedAt, , ...rest] = row;
    const isReport = lanes.has(Math.floor(Number(key) / LANE_SPAN));
    return isReport ? [key!, id!, queuedAt!, Number(queuedAt) + MESSAGE_TTL_SECONDS * 1000, ...rest] : row;
  });
  return { ...one, rows };
}

function onMethod(name: string, change: (method: EffectMethod) => Method): Swaps {
  return {
    ground: (ground) => ({
      ...ground,
      makeMethods: (deps, table) => {
        const methods = ground.makeMethods(deps, table);
        table.set(name, change(table.get(name) as EffectMethod));
        return methods;
      },
    }),
  };
}

/** A part of which some members are others. */
function overlay<T extends object>(part: T, members: Partial<T>): T {
  return new Proxy(part, {
    get: (_, name) => {
      const own = members[name as keyof T];
      if (own !== undefined) return own;
      const value = Reflect.get(part, name, part);
      return typeof value === 'function' ? value.bind(part) : value;
    },
  });
}

function changed(headers: Headers, name: string, change: (value: string) => string): Headers {
  const value = headers[name];
  return value === undefined ? headers : { ...headers, [name]: change(value) };
}

function hiding(message: WireMessage, name: string): WireMessage {
  return { ...message, header: (asked) => (asked === name ? undefined : message.header(asked)) };
}
