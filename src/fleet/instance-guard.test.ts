import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { settle } from '../../test/support/manual-clock.ts';
import { systemClock } from '../lib/clock.ts';
import { machineEdges } from '../lib/edges.ts';
import type { WireMessage } from '../message/wire-message.ts';
import { HeldArrivals } from './held-arrivals.ts';
import { type GuardDeps, InstanceGuard } from './instance-guard.ts';

type Handler = (message: WireMessage) => void;

/** A broker for guards alone: who publishes is heard by all that listen, and is told when nobody does. */
class GuardBroker {
  readonly handlers = new Map<string, Set<Handler>>();
  readonly errors: string[] = [];

  deps(startedAt: number): GuardDeps {
    return {
      ...machineEdges(),
      clock: { ...systemClock, wallNow: () => startedAt },
      errorReporter: { report: (text) => void this.errors.push(text) },
      bus: {
        publish: (subject, payload, { reply = '' } = {}) => {
          const header = () => undefined;
          const message = { subject, reply, payload: Buffer.from(payload), noResponders: false, header };
          const nobody = { ...message, reply: '', payload: new Uint8Array(0), noResponders: true };
          if (!this.#send(subject, message)) this.#send(reply, nobody);
          return true;
        },
        subscribe: (subject, handler) => {
          const handlers = this.handlers.get(subject) ?? new Set();
          this.handlers.set(subject, handlers.add(handler));
          return { ready: async () => {}, [Symbol.dispose]: () => void handlers.delete(handler) };
        },
      },
    };
  }

  #send(subject: string, message: Parameters<Handler>[0]): boolean {
    const handlers = [...(this.handlers.get(subject) ?? [])];
    for (const handler of handlers) queueMicrotask(() => handler(message));
    return handlers.length > 0;
  }
}

function named(nodeName: string, nameCheck: 'strict' | 'warn' = 'strict') {
  return { nodeName, nameCheck, trust: { mode: 'open', originals: [] } } as const;
}

test('where nameCheck is warn a node starts although its name is taken, and says what follows', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const broker = new GuardBroker();
  using first = new InstanceGuard(named('ship1'), broker.deps(1));
  await first.check();
  using second = new InstanceGuard(named('ship1', 'warn'), broker.deps(2));
  await second.check();
  assert.equal(second.isYielding, false);
  assert.match(
    broker.errors.join(),
    /both take requests, as nameCheck is warn; what comes for the name runs twice/,
  );
});

test('of a machine and its snapshot that runs as well, the one that asks later takes no requests', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const broker = new GuardBroker();
  const { clock, random, ...deps } = broker.deps(1);
  let drawn = 0;
  // Both have the same memory: all that was drawn before.
  const bytes = (count: number) => Buffer.alloc(count, drawn++ < 2 ? 1 : drawn);
  const guards = [1000, 2000].map((now) => {
    const later = { ...clock, steadyNow: () => now, wallNow: () => (drawn < 2 ? 1 : now) };
    return new InstanceGuard(named('ship1', 'strict'), {
      ...{ ...deps, clock: later, random: { ...random, bytes } },
      nameIsFree: async () => void broker.errors.push('free'),
    });
  });
  using living = guards[0]!;
  using snapshot = guards[1]!;
  // The snapshot is of a machine that served: it asks again when it has a broker.
  const before = broker.handlers.get('ship1.Steward.Instance');
  await snapshot.check();
  broker.handlers.delete('ship1.Steward.Instance');
  await living.check();
  assert.deepEqual([before, broker.errors.splice(0)], [undefined, ['free', 'free']]);
  await snapshot.check();
  assert.deepEqual([living.isYielding, snapshot.isYielding], [false, true]);
  assert.match(broker.errors.join(), /this one is younger and takes no requests/);
});

test('a node whose name is free serves at once', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const broker = new GuardBroker();
  using guard = new InstanceGuard(named('ship1'), broker.deps(1));
  assert.equal(guard.isYielding, true, 'until it has asked, it takes nothing');
  await guard.check();
  assert.equal(guard.isYielding, false);
  assert.deepEqual(broker.errors, []);
});

test('a node whose name is taken does not start, and the one that has it says so', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const broker = new GuardBroker();
  using first = new InstanceGuard(named('ship1'), broker.deps(1));
  await first.check();
  using second = new InstanceGuard(named('ship1'), broker.deps(2));
  await assert.rejects(second.check(), {
    code: 'name-taken',
    message: /another node named ship1 runs already \(since 1970-01-01T00:00:00\.001Z\): stop it, or give/,
  });
  using other = new InstanceGuard(named('ship2'), broker.deps(3));
  await other.check();
  assert.match(broker.errors[0]!, /another node tries to run under the name ship1/);
});

test('of two that began at the same moment the younger yields, until the other is gone', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const broker = new GuardBroker();
  using older = new InstanceGuard(named('ship1'), broker.deps(1));
  using younger = new InstanceGuard(named('ship1'), broker.deps(2));
  await Promise.all([older.check(), younger.check()]);
  assert.deepEqual([older.isYielding, younger.isYielding], [false, false]);
  t.mock.timers.tick(1000);
  await settle();
  assert.deepEqual([older.isYielding, younger.isYielding], [false, true]);
  const texts = broker.errors.join('; ');
  assert.match(texts, /two nodes are named ship1.*this one is younger and takes no requests/);
  assert.match(texts, /the other is younger and has to yield/);
  older[Symbol.dispose]();
  t.mock.timers.tick(10_000);
  await settle();
  t.mock.timers.tick(3000);
  await settle();
  assert.equal(younger.isYielding, false);
  assert.match(broker.errors.at(-1)!, /the other node of this name is gone; taking requests again/);
});

test('a guard that is disposed while it asks asks no longer and listens to nothing', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const broker = new GuardBroker();
  const silent = broker.deps(1).bus.subscribe('ship1.Steward.Instance', () => {});
  const guard = new InstanceGuard(named('ship1'), broker.deps(1));
  const checked = guard.check();
  await settle();
  guard[Symbol.dispose]();
  await checked;
  silent[Symbol.dispose]();
  assert.deepEqual(
    [...broker.handlers.values()].filter(({ size }) => size > 0),
    [],
  );
});

/** An original node: it answers the pings of its name with a text, and no other question. */
function startOriginal(broker: GuardBroker, t: TestContext) {
  const { bus } = broker.deps(0);
  const answer = ({ reply }: WireMessage) => void bus.publish(reply, 'confirmed from: ship1: 0');
  const subscription = bus.subscribe('ship1.REQPing.EventACK', answer);
  t.after(() => subscription[Symbol.dispose]());
  return subscription;
}

test('a node takes nothing while an original one answers to its name, says so every minute, and begins when that is silent', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const broker = new GuardBroker();
  const original = startOriginal(broker, t);
  using guard = new InstanceGuard(named('ship1'), broker.deps(1));
  let begun = 0;
  guard.onBegin = () => void begun++;
  const pass = async (ms: number) => {
    t.mock.timers.tick(ms);
    await settle();
  };
  await guard.check();
  for (let second = 0; second < 60; second += 10) await pass(10_000);
  assert.equal(guard.isYielding, true);
  assert.deepEqual(
    broker.errors.map((text) => /answers to the name ship1: this node takes no requests/.test(text)),
    [true, true],
  );
  original[Symbol.dispose]();
  await pass(10_000);
  assert.equal(guard.isYielding, true, 'one silence may be that of a thin link');
  await pass(10_000);
  assert.deepEqual([guard.isYielding, begun], [false, 1]);
  assert.match(broker.errors.at(-1)!, /^info: the original node named ship1 is silent/);
});

test('next to an original node of its name a node starts where nameCheck is warn, and none is asked for where none can be', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const broker = new GuardBroker();
  startOriginal(broker, t);
  using lenient = new InstanceGuard(named('ship1', 'warn'), broker.deps(1));
  await lenient.check();
  assert.equal(lenient.isYielding, false);
  assert.match(broker.errors[0]!, /answers to the name ship1: both take requests/);
  lenient[Symbol.dispose]();
  const trust = { mode: 'closed', originals: ['ship2'] } as const;
  using closed = new InstanceGuard({ ...named('ship1'), trust }, broker.deps(1));
  await closed.check();
  assert.equal(closed.isYielding, false);
});

test('what comes before the name is known to be free is taken then, in its order; where another node has it, never', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const broker = new GuardBroker();
  for (const [name, expected] of [
    ['ship1', ['a', 'b', 'c']],
    ['ship1', []],
  ] as const) {
    const guard = new InstanceGuard(named(name), broker.deps(1));
    t.after(() => guard[Symbol.dispose]());
    const taken: string[] = [];
    const arrive = (text: string): void => {
      const more = { subject: 'ship1.REQPing.EventACK', reply: '', noResponders: false };
      const message = { ...more, payload: Buffer.from(text), header: () => undefined };
      const take = ({ payload }: WireMessage) => void taken.push(Buffer.from(payload).toString());
      if (guard.admits(message, take)) take(message);
    };
    const checked = guard.check().catch(() => {});
    arrive('a');
    arrive('b');
    assert.deepEqual(taken, []);
    await checked;
    if (expected.length > 0) arrive('c');
    assert.deepEqual(taken, expected);
  }
});

test('what is held before the name is known to be free is bounded', () => {
  const held = new HeldArrivals();
  let taken = 0;
  const payload = new Uint8Array(1024 * 1024);
  const message = { subject: 's', reply: '', noResponders: false, header: () => undefined, payload };
  for (let n = 0; n < 20; n++) held.add(message, () => taken++);
  held.release();
  assert.ok(taken > 0 && taken < 10, `${taken} MB are held`);
  held.release();
  assert.ok(taken < 10);
});
