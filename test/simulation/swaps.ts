import type { FileHandle } from 'node:fs/promises';
import type { Bus } from '../../src/bus/bus.ts';
import type { Clock } from '../../src/lib/clock.ts';
import type { FileSystem } from '../../src/lib/system-files.ts';
import { BRIEF } from '../../src/message/codec/brief.ts';
import { HEADER } from '../../src/message/codec/wire-headers.ts';
import type { WireMessage } from '../../src/message/wire-message.ts';
import type { Method } from '../../src/methods/method.ts';
import type { Ground } from '../../src/node/assemble-node.ts';
import { LANE_SPAN, type Statement, type Store } from '../../src/store/store.ts';
import type { Life } from './machine.ts';
import { MESSAGE_TTL_SECONDS } from './sim-config.ts';
import type { Swaps } from './sim-node.ts';

type Headers = Readonly<Record<string, string>>;
type EffectMethod = Extract<Method, { mode: 'effect' }>;

/** A bus whose messages go out with other headers, or not at all, and whose messages come in without a header; none are brief. */
export function onBus(change: { publish?(headers: Headers): Headers | undefined; hides?: string }): Swaps {
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

/** A bus on which what goes to some subjects goes nowhere. */
export function onSubject(pattern: RegExp): Swaps {
  return {
    ground: (ground) => {
      const { bus } = ground;
      const publish: Bus['publish'] = (subject, payload, more) =>
        pattern.test(subject) || bus.publish(subject, payload, more);
      return { ...ground, bus: overlay(bus, { publish }) };
    },
  };
}

/** A bus that counts something else than what went over its connection. */
export function onTraffic(count: (bytes: number) => number): Swaps {
  return {
    ground: (ground) => {
      const { traffic } = ground.bus;
      const look = () => {
        const { inBytes, outBytes } = traffic.look();
        return overlay(traffic, { inBytes: count(inBytes), outBytes: count(outBytes) });
      };
      return { ...ground, bus: overlay(ground.bus, { traffic: overlay(traffic, { look }) }) };
    },
  };
}

/** Headers that do not say that brief ones are read. */
function atLength(headers: Headers): Headers {
  return withoutWord(headers, BRIEF);
}

/** Headers that do not say that a word is known. */
export function withoutWord(headers: Headers, word: string): Headers {
  const without = (words: string) => words.replace(` ${word}`, '');
  return changed(changed(headers, HEADER.knows, without), HEADER.hello, without);
}

export function onStore(write: (store: Store, life: Life) => Store['write']): Swaps {
  return {
    ground: (ground: Ground, life) => ({
      ...ground,
      store: overlay(ground.store, { write: write(ground.store, life) }),
    }),
  };
}

/** Statements that match are never written. */
export function leavingOut(pattern: RegExp) {
  return (store: Store) => (statements: readonly Statement[]) =>
    store.write(statements.filter(({ sql }) => !pattern.test(sql.trim())));
}

export function onClock(change: (clock: Clock, life: Life) => Clock): Swaps {
  return { ground: (ground, life) => ({ ...ground, clock: change(ground.clock, life) }) };
}

export function atOnce(task: () => void): () => void {
  queueMicrotask(task);
  return () => {};
}

/** Messages about ends live no longer than others. */
export function expiring(one: Statement, store: Store, all: readonly Statement[]): Statement {
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

export function onMethod(name: string, change: (method: EffectMethod) => Method): Swaps {
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

/** Whatever becomes of it, it is taken for done. */
export function alwaysDone(method: EffectMethod): Method {
  return {
    ...method,
    apply: async (batch, context) => {
      await method.apply(batch, context).catch(() => {});
      return batch.map(() => ({ ok: true }));
    },
  };
}

/** Files of which nothing is synced. */
export function withoutSync(): Swaps {
  return {
    files: (files) => ({
      ...files,
      borrow: async (path) => {
        const file = await files.borrow(path);
        return { ...file, handle: Object.assign(file.handle, { datasync: async () => {} }) };
      },
    }),
  };
}

/** A relay that takes what it kept for whole, whatever the file holds. */
export function trustingKept(): Swaps {
  return {
    ground: (ground, { machine: { files } }) => ({
      ...ground,
      keptData: {
        keep: (sender, data) => ground.keptData!.keep(sender, data),
        find: (_, { sum, count }) => {
          const path = files.paths().find((one) => one.endsWith(`-${sum}`));
          return path === undefined ? undefined : Buffer.concat([files.file(path)!.content], count);
        },
      },
    }),
  };
}

/** Files that are copied, of which an open one does something else; it gets what it stands in for. */
export function onFile(change: {
  sync?(): Promise<void>;
  stat?(stat: FileHandle['stat']): Promise<unknown>;
}): Swaps {
  const open = async (files: FileSystem, path: string, flags?: number | string) => {
    const handle = await files.open(path, flags);
    const { stat, sync } = change;
    const before = handle.stat;
    return Object.assign(handle, {
      ...(sync && { sync }),
      ...(stat && path.startsWith('/out/') && { stat: () => stat(before) }),
    });
  };
  return {
    ground: (ground) => {
      const { files } = ground;
      const opens = ((path: string, flags?: number | string) =>
        open(files, path, flags)) as FileSystem['open'];
      return { ...ground, files: { ...files, open: opens } };
    },
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

export function changed(headers: Headers, name: string, change: (value: string) => string): Headers {
  const value = headers[name];
  return value === undefined ? headers : { ...headers, [name]: change(value) };
}

function hiding(message: WireMessage, name: string): WireMessage {
  return { ...message, header: (asked) => (asked === name ? undefined : message.header(asked)) };
}
