import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from '../../test/support/manual-clock.ts';
import { type GuardDeps, InstanceGuard } from './instance-guard.ts';

type Handler = Parameters<GuardDeps['subscribe']>[1];

/** A broker for guards alone: who publishes is heard by all that listen, and is told when nobody does. */
class GuardBroker {
  readonly handlers = new Map<string, Set<Handler>>();
  readonly errors: string[] = [];

  deps(startedAt: number): GuardDeps {
    return {
      now: () => startedAt,
      reportError: (text) => void this.errors.push(text),
      publish: (subject, payload, { reply = '' } = {}) => {
        const message = { reply, payload: Buffer.from(payload), noResponders: false };
        const nobody = { reply: '', payload: new Uint8Array(0), noResponders: true };
        if (!this.#send(subject, message)) this.#send(reply, nobody);
        return true;
      },
      subscribe: (subject, handler) => {
        const handlers = this.handlers.get(subject) ?? new Set();
        this.handlers.set(subject, handlers.add(handler));
        return { [Symbol.dispose]: () => void handlers.delete(handler) };
      },
    };
  }

  #send(subject: string, message: Parameters<Handler>[0]): boolean {
    const handlers = [...(this.handlers.get(subject) ?? [])];
    for (const handler of handlers) queueMicrotask(() => handler(message));
    return handlers.length > 0;
  }
}

test('a node whose name is free serves at once', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const broker = new GuardBroker();
  using guard = new InstanceGuard('ship1', broker.deps(1));
  await guard.check();
  assert.equal(guard.isYielding, false);
  assert.deepEqual(broker.errors, []);
});

test('a node whose name is taken does not start, and the one that has it says so', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const broker = new GuardBroker();
  using first = new InstanceGuard('ship1', broker.deps(1));
  await first.check();
  using second = new InstanceGuard('ship1', broker.deps(2));
  await assert.rejects(second.check(), {
    code: 'name-taken',
    message: /another node named ship1 runs already \(since 1970-01-01T00:00:00\.001Z\): stop it, or give/,
  });
  using other = new InstanceGuard('ship2', broker.deps(3));
  await other.check();
  assert.match(broker.errors[0]!, /another node tries to run under the name ship1/);
});

test('of two that began at the same moment the younger yields, until the other is gone', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const broker = new GuardBroker();
  using older = new InstanceGuard('ship1', broker.deps(1));
  using younger = new InstanceGuard('ship1', broker.deps(2));
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
  t.mock.timers.tick(1000);
  await settle();
  assert.equal(younger.isYielding, false);
  assert.match(broker.errors.at(-1)!, /the other node of this name is gone; taking requests again/);
});

test('a guard that is disposed while it asks asks no longer and listens to nothing', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const broker = new GuardBroker();
  const silent = broker.deps(1).subscribe('ship1.Steward.Instance', () => {});
  const guard = new InstanceGuard('ship1', broker.deps(1));
  const checked = guard.check();
  await settle();
  guard[Symbol.dispose]();
  await checked;
  silent[Symbol.dispose]();
  assert.deepEqual(
    [...broker.handlers.values()].map(({ size }) => size),
    [0, 0],
  );
});
