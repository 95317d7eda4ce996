import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NodePresence } from './presence.ts';

const HELLO = JSON.stringify({
  version: '1',
  os: 'linux',
  arch: 'x64',
  uptime: 5,
  labels: { a: 'b' },
  interval: 30,
});
const LANE = 'ship1.REQCliCommand.CommandACK';

function start() {
  const clock = { now: 1_000_000, stepMs: 0, isConnected: true };
  const presence = new NodePresence({
    clock: { wallNow: () => clock.now + clock.stepMs, steadyNow: () => clock.now },
    bus: clock,
  });
  const changed: string[] = [];
  presence.onChanged = (node) => void changed.push(node);
  return { clock, presence, takeChanged: () => changed.splice(0) };
}

test('a node that was never heard of is unknown', () => {
  const { presence } = start();
  assert.equal(presence.of('ship1'), 'unknown');
  assert.deepEqual([presence.lastSeenAt('ship1'), presence.names()], [null, []]);
});

test('a node that says hello is here, and away when its hellos stay out', () => {
  const { presence, clock } = start();
  presence.saidHello('ship1', HELLO);
  assert.equal(presence.of('ship1'), 'here');
  clock.now += 70_000;
  assert.equal(presence.of('ship1'), 'here');
  clock.now += 8_000;
  assert.equal(presence.of('ship1'), 'away');
  assert.equal(presence.lastSeenAt('ship1'), 1_000_000);
});

test('a node that leaves is away at once, and here when it is heard of again', () => {
  const { presence, takeChanged } = start();
  presence.saidHello('ship1', HELLO);
  takeChanged();
  presence.left('ship1');
  assert.deepEqual([presence.of('ship1'), takeChanged()], ['away', ['ship1']]);
  presence.saidHello('ship1', HELLO);
  assert.deepEqual([presence.of('ship1'), takeChanged()], ['here', ['ship1']]);
  presence.left('ship2');
  assert.equal(presence.of('ship2'), 'unknown');
});

test('a node that leaves was last seen then, however long ago its last hello was, and stays so when told again', () => {
  const { presence, clock } = start();
  presence.saidHello('ship1', HELLO);
  clock.now += 60_000;
  presence.left('ship1');
  assert.equal(presence.lastSeenAt('ship1'), 1_060_000);
  clock.now += 60_000;
  presence.left('ship1');
  assert.equal(presence.lastSeenAt('ship1'), 1_060_000);
});

test('anything heard of a node makes it here', () => {
  const { presence, clock, takeChanged } = start();
  presence.saidHello('ship1', HELLO);
  clock.now += 100_000;
  takeChanged();
  presence.heard('ship1');
  assert.deepEqual([presence.of('ship1'), takeChanged()], ['here', ['ship1']]);
  presence.heard('ship1');
  assert.deepEqual(takeChanged(), []);
});

test('a node is away as soon as the broker says that nobody listens', () => {
  const { presence, takeChanged } = start();
  presence.saidHello('ship1', HELLO);
  presence.answered('ship1', LANE);
  takeChanged();
  presence.nobodyListens('ship1', LANE);
  assert.deepEqual([presence.of('ship1'), takeChanged()], ['away', ['ship1']]);
  presence.saidHello('ship1', HELLO);
  assert.equal(presence.of('ship1'), 'here');
});

test('a node that does not serve a method is not away because of that', () => {
  const { presence, clock } = start();
  presence.nobodyListens('ship1', LANE);
  assert.equal(presence.of('ship1'), 'away');
  clock.now += 1000;
  presence.saidHello('ship1', HELLO);
  presence.nobodyListens('ship1', LANE);
  assert.equal(presence.of('ship1'), 'here');
  presence.nobodyListens('ship1', 'ship1.REQPing.EventACK');
  assert.equal(presence.of('ship1'), 'away');
  // Once it has answered there, nobody means nobody again.
  presence.answered('ship1', LANE);
  presence.nobodyListens('ship1', LANE);
  assert.equal(presence.of('ship1'), 'away');
});

test('a missing answer makes a node away unless it was heard of since', () => {
  const { presence, clock } = start();
  presence.saidHello('ship1', HELLO);
  presence.unanswered('ship1', clock.now - 5000);
  assert.equal(presence.of('ship1'), 'here');
  presence.unanswered('ship1', clock.now + 1);
  assert.equal(presence.of('ship1'), 'away');
});

test('without a connection of its own a node knows nothing of others, and waits for hellos after it', () => {
  const { presence, clock } = start();
  presence.saidHello('ship1', HELLO);
  clock.isConnected = false;
  assert.equal(presence.of('ship1'), 'unknown');
  clock.now += 600_000;
  clock.isConnected = true;
  presence.connected();
  assert.equal(presence.of('ship1'), 'unknown');
  clock.now += 78_000;
  assert.equal(presence.of('ship1'), 'away');
});

test('of a node that says no hellos here nothing is known after a while', () => {
  const { presence, clock } = start();
  presence.answered('ship1', LANE);
  assert.equal(presence.of('ship1'), 'here');
  clock.now += 301_000;
  assert.equal(presence.of('ship1'), 'unknown');
});

test('what a node said of itself is there after a restart of this one', () => {
  const { presence, clock } = start();
  presence.load([
    { name: 'ship1', lastSeen: clock.now - 10_000, hello: HELLO },
    { name: 'ship2', lastSeen: 5, hello: null },
  ]);
  assert.deepEqual([presence.of('ship1'), presence.of('ship2')], ['here', 'unknown']);
  assert.deepEqual(presence.factsOf('ship1'), {
    ...{
      version: '1',
      os: 'linux',
      arch: 'x64',
      labels: { a: 'b' },
      helloIntervalMs: 30_000,
      callInMs: null,
    },
    startedAt: clock.now - 15_000,
  });
  assert.equal(presence.factsOf('ship2').version, null);
  assert.deepEqual(presence.takeUnsaved(), []);
  presence.heard('ship2');
  assert.deepEqual(presence.takeUnsaved(), [{ name: 'ship2', lastSeen: clock.now }]);
  assert.deepEqual(presence.takeUnsaved(), []);
});

test('a node that said when it calls is awaited then, while it is away, however clocks are set and this node is restarted', () => {
  const { presence, clock } = start();
  const goodbye = JSON.stringify({ version: '1', leaving: true, callIn: 3600 });
  presence.saidHello('ship1', JSON.stringify({ version: '1', interval: 900, callIn: 3600 }));
  assert.equal(presence.callsAt('ship1'), null, 'it is here');
  clock.now += 60_000;
  presence.left('ship1', goodbye);
  const callsAt = clock.now + 3_600_000;
  assert.deepEqual([presence.of('ship1'), presence.callsAt('ship1')], ['away', callsAt]);
  clock.now += 7_200_000;
  assert.equal(presence.callsAt('ship1'), callsAt, 'its call is overdue');
  clock.stepMs = 86_400_000;
  assert.equal(presence.callsAt('ship1'), callsAt + clock.stepMs);
  const next = start();
  next.presence.load([{ name: 'ship1', lastSeen: next.clock.now - 10_000, hello: goodbye }]);
  assert.equal(next.presence.of('ship1'), 'away', 'the last that was heard of it is a goodbye');
  assert.equal(next.presence.callsAt('ship1'), next.clock.now + 3_590_000);
  next.presence.left('ship1');
  assert.equal(next.presence.callsAt('ship1'), next.clock.now + 3_590_000);
});

test('the place where errors are collected is no node', () => {
  const { presence } = start();
  presence.nobodyListens('errorCentral', 'errorCentral.REQErrorLog.EventACK');
  presence.answered('errorCentral', 'errorCentral.REQErrorLog.EventACK');
  assert.deepEqual([presence.of('errorCentral'), presence.names()], ['unknown', []]);
});

test('a hello that says something new of its node is a change, one that only comes later is none', () => {
  const { presence, takeChanged } = start();
  presence.saidHello('ship1', HELLO);
  takeChanged();
  presence.saidHello('ship1', HELLO.replace('"uptime":5', '"uptime":35'));
  assert.deepEqual(takeChanged(), []);
  presence.saidHello('ship1', HELLO.replace('linux', 'other'));
  assert.deepEqual(takeChanged(), ['ship1']);
});

test('a hello that is no JSON, or lies, harms nothing', () => {
  const { presence } = start();
  for (const about of ['{', '[]', '7', '{"uptime":-1,"labels":7,"version":{},"interval":"x"}']) {
    presence.saidHello('ship1', about);
    const nothing = { version: null, os: null, arch: null, startedAt: null };
    assert.deepEqual(presence.factsOf('ship1'), {
      ...nothing,
      labels: {},
      helloIntervalMs: null,
      callInMs: null,
    });
  }
});

test('a clock that is set changes nothing about who is here, and moves with it when a node was last seen', () => {
  for (const stepMs of [-3_600_000, 3_600_000]) {
    const { presence, clock } = start();
    presence.saidHello('ship1', HELLO);
    clock.now += 5000;
    clock.stepMs = stepMs;
    assert.equal(presence.of('ship1'), 'here');
    assert.equal(presence.lastSeenAt('ship1'), 1_000_000 + stepMs);
    clock.now += 73_000;
    assert.equal(presence.of('ship1'), 'away');
  }
});

test('a node whose last sign lies in the future, as the clock was set back since, is not here for that', () => {
  const { presence, clock } = start();
  presence.load([{ name: 'ship1', lastSeen: clock.now + 3_600_000, hello: null }]);
  assert.deepEqual([presence.of('ship1'), presence.lastSeenAt('ship1')], ['unknown', null]);
  presence.heard('ship1');
  assert.deepEqual([presence.of('ship1'), presence.lastSeenAt('ship1')], ['here', clock.now]);
});

test('names that nothing ever came from do not pile up', () => {
  const { presence } = start();
  presence.saidHello('ship1', HELLO);
  for (let n = 0; n < 50_000; n++) presence.nobodyListens(`made-up-${n}`, LANE);
  const away = Array.from({ length: 50_000 }, (_, n) => presence.of(`made-up-${n}`)).filter(
    (one) => one === 'away',
  );
  assert.ok(away.length <= 20_000, `${away.length} are remembered`);
  assert.equal(presence.of('ship1'), 'here');
});

test('a flood of made-up names leaves those that were heard of before on the list', () => {
  const { presence } = start();
  presence.saidHello('ship1', HELLO);
  for (let n = 0; n < 60_000; n++) presence.saidHello(`made-up-${n}`, undefined);
  assert.deepEqual([presence.names().length, presence.known.hasRoomFor('ship1')], [50_000, true]);
  assert.deepEqual(
    [presence.of('made-up-59999'), presence.known.hasRoomFor('made-up-59999')],
    ['unknown', false],
  );
  presence.forget('made-up-0');
  assert.equal(presence.known.hasRoomFor('made-up-59999'), true);
});

test('an original node that says hello in the name of one which runs is noticed at the next hello of that, and a roll-back is none', () => {
  const { presence, clock } = start();
  const hello = (uptime: number) => presence.saidHello('ship1', JSON.stringify({ version: '1', uptime }));
  assert.equal(hello(0), false);
  clock.now += 60_000;
  assert.equal(presence.saidHello('ship1', undefined), false);
  clock.now += 30_000;
  assert.equal(hello(90), true);
  assert.equal(hello(91), false);
  // Ours stopped, the original ran, and ours is back.
  assert.equal(presence.saidHello('ship1', undefined), false);
  clock.now += 30_000;
  assert.equal(hello(5), false);
});

test('when all hellos that are remembered are long, no more long ones are', () => {
  const { presence } = start();
  assert.equal(presence.known.longestHello, 16 * 1024);
  const labels = Object.fromEntries(Array.from({ length: 75 }, (_, at) => [`label ${at}`, 'x'.repeat(190)]));
  const hello = JSON.stringify({ labels });
  for (let node = 0; node < 1100; node++) presence.saidHello(`made-up${node}`, hello);
  assert.equal(presence.known.longestHello, 1024);
  for (let node = 0; node < 1100; node++) presence.saidHello(`made-up${node}`, HELLO);
  assert.equal(presence.known.longestHello, 16 * 1024);
});
