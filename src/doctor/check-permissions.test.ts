import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../config/config.ts';
import { permissionsOf } from '../security/permissions.ts';
import { checkNameRights } from './check-broker.ts';
import { checkPermissions, type Permits } from './check-permissions.ts';

const METHODS = { REQCliCommand: true, REQToFile: true, REQHello: true };

function configOf(
  nodeName: string,
  startSub: Record<string, boolean> = METHODS,
  mode: Config['trust']['mode'] = 'open',
): Config {
  const names = { nodeName, centralNodeName: 'central', isCentral: nodeName === 'central' };
  return { ...names, startSub, trust: { mode } } as unknown as Config;
}

/** A broker that allows what some patterns of NATS match. */
function permits(publish: readonly string[], subscribe: readonly string[]): Permits & { tried: string[] } {
  const tried: string[] = [];
  const allows = (patterns: readonly string[]) => async (subject: string) => {
    tried.push(subject);
    return patterns.some((pattern) => matches(pattern, subject));
  };
  return { tried, canPublish: allows(publish), canSubscribe: allows(subscribe) };
}

function matches(pattern: string, subject: string): boolean {
  const [tokens, parts] = [pattern.split('.'), subject.split('.')];
  if (tokens.at(-1) === '>') return parts.length >= tokens.length && every(tokens.slice(0, -1), parts);
  return tokens.length === parts.length && every(tokens, parts);
}

function every(tokens: readonly string[], parts: readonly string[]): boolean {
  return tokens.every((token, place) => token === parts[place] || token === '*');
}

test('the permissions that broker-config writes are enough, for a node and for the central one', async () => {
  for (const [node, mode] of [
    ['ship1', 'open'],
    ['central', 'open'],
    ['ship1', 'closed'],
    ['central', 'closed'],
  ] as const) {
    const shape = { central: 'central', isClosed: () => mode === 'closed' };
    const { publish, subscribe } = permissionsOf(node, shape);
    const config = configOf(node, { ...METHODS, REQErrorLog: node === 'central' }, mode);
    const found = await checkPermissions(config, permits(publish.allow, subscribe.allow));
    assert.deepEqual(
      found.filter(({ verdict }) => verdict !== 'ok'),
      [],
      node,
    );
  }
});

test('those that the reference documents are enough too', async () => {
  const broker = permits(
    ['central.>', 'errorCentral.>', 'ship1.>', 'ship2.central.REQRelay.EventACK'],
    ['central.>', 'ship1.>', 'errorCentral.REQErrorLog.EventACK.reply', '*.central.REQRelay.EventACK.reply'],
  );
  assert.deepEqual(
    (await checkPermissions(configOf('ship1'), broker)).map(({ verdict }) => verdict),
    ['ok'],
  );
});

test('each thing that is refused is named, with what is lost by it', async () => {
  const { publish, subscribe } = permissionsOf('ship1', { central: 'central' });
  const without = (list: readonly string[], gone: string) => list.filter((subject) => subject !== gone);
  const texts = async (broker: Permits, config = configOf('ship1')) =>
    (await checkPermissions(config, broker))
      .filter(({ verdict }) => verdict === 'fail')
      .map(({ text }) => text);
  assert.deepEqual(await texts(permits(without(publish.allow, 'central.*.EventNACK'), subscribe.allow)), [
    'the broker does not allow this node to publish central.*.EventNACK: its EventNACK messages do not reach central',
  ]);
  const deaf = await texts(permits(publish.allow, without(subscribe.allow, 'ship1.*.*')));
  assert.ok(deaf.some((text) => /subscribe ship1\.\*\.\*: it gets no REQCliCommand/.test(text)));
  assert.deepEqual(
    await texts(permits(publish.allow, subscribe.allow), configOf('ship1', { REQRelay: true })),
    ['the broker does not allow this node to subscribe *.ship1.REQRelay.EventACK: it relays nothing'],
  );
});

test('nothing is published where anybody listens', async () => {
  const broker = permits(['>'], ['>']);
  const published: string[] = [];
  const spy: Permits = {
    canSubscribe: broker.canSubscribe,
    canPublish: (subject) => {
      published.push(subject);
      return broker.canPublish(subject);
    },
  };
  await checkPermissions(configOf('ship1'), spy);
  assert.ok(published.length >= 6);
  // An empty question under the last name is no question; the others are subjects of no method.
  for (const subject of published) assert.match(subject, /\.Steward\.|\.reply\.steward-doctor\./);
});

test('wide permissions, with which a node can keep the central one off, are named', async () => {
  const config = { isCentral: false, centralNodeName: 'central' };
  const [found] = await checkNameRights(config, permits(['central.>'], ['central.>']));
  assert.equal(found?.verdict, 'warn');
  assert.match(found.text, /answer when central asks whether its name is taken: .* can keep central off/);
  assert.match(found.advice!, /steward broker-config/);
  for (const isClosed of [true, false]) {
    const { publish, subscribe } = permissionsOf('ship1', { central: 'central', isClosed: () => isClosed });
    assert.deepEqual(await checkNameRights(config, permits(publish.allow, subscribe.allow)), []);
  }
  assert.deepEqual(await checkNameRights({ ...config, isCentral: true }, permits(['>'], ['>'])), []);
});
