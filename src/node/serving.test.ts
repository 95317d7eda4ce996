import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../config/config.ts';
import { Serving } from './serving.ts';

test('once all subscribers listen, what waited for the node itself is sent, and the node says hello', async () => {
  const calls: string[] = [];
  const call = (name: string) => (what?: unknown) =>
    void calls.push(what === undefined ? name : `${name} ${what}`);
  const config = {
    nodeName: 'ship1',
    centralNodeName: 'central',
    helloIntervalSeconds: 30,
    startSub: { REQPong: false },
  };
  const later = (name: string) => async (what?: unknown) => call(name)(what);
  const parts = {
    guard: { check: later('check the name') },
    subscribers: { startSubscriber: later('listen') },
    methods: new Map(['REQPing', 'REQPong', 'REQReport'].map((name) => [name, {}])),
    states: { serve: call('serve states') },
    asking: { ask: async (node: string) => call('ask')(node) },
    bus: { flush: later('flush') },
    peers: { alive: call('alive'), wordsOf: () => undefined },
    budget: { bytesPerDay: 0 },
    hello: (more?: { connected?: true }) => call('hello')(more?.connected ? 'connected' : undefined),
    errorReporter: { report: call('report') },
    logger: { info: () => {} },
  };
  const deps = parts as unknown as ConstructorParameters<typeof Serving>[1];
  const serving = new Serving(config as unknown as Config, deps);
  serving.connected();
  await serving.started;
  await new Promise(setImmediate);
  const expected = [
    'check the name',
    'listen REQPing',
    'listen REQReport',
    'serve states',
    'flush',
    'alive ship1',
  ];
  assert.deepEqual(calls, [...expected, 'hello connected', 'ask central']);
});
