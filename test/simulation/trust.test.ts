import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Permissions } from '../../src/broker/permissions.ts';
import { encodeMessage } from '../../src/message/codec/encode-message.ts';
import { type Message, newMessage } from '../../src/message/message.ts';
import { encodeReport } from '../../src/message/report.ts';
import { kindOf } from '../../src/message/subject.ts';
import { permissionsOf } from '../../src/security/permissions.ts';
import { Chance } from './chance.ts';
import { Connection, Link } from './sim-broker.ts';
import { Timeline } from './timeline.ts';
import { Truth } from './truth.ts';
import { World } from './world.ts';

/** A closed fleet of central, ship1 and ship2, and somebody who has the key of ship1. */
class StolenShip {
  readonly world: World;
  readonly timeline = new Timeline({ keepsStory: true });
  readonly #thief: Connection;
  #count = 0;

  constructor(t: TestContext) {
    const chance = new Chance('stolen ship');
    const truth = new Truth(this.timeline, { mayRepeat: () => false });
    this.world = new World({ timeline: this.timeline, chance, truth, swaps: {}, trust: 'closed' });
    for (const name of ['central', 'ship1', 'ship2']) this.world.add(name);
    this.#thief = new Connection(new Link(), { timeline: this.timeline, chance }, () => {});
    this.world.broker.add(this.#thief);
    t.after(() => this.world.end());
  }

  /** Time goes on. */
  async go(ms: number): Promise<void> {
    await this.timeline.runUntil(this.timeline.now + ms);
  }

  /** Central asks a ship to run a command; the id of the request. */
  async command(toNode: string, token: string, more: object = {}): Promise<string> {
    let id = '';
    const items = [{ ...{ toNode, method: 'REQCliCommand', methodArgs: [token, '10'] }, ...more }];
    const submitted = this.world.node('central')!.submit(items);
    submitted.then(({ accepted }) => {
      id = accepted[0]!.id;
    });
    // The disk may be slow.
    while (id === '') await this.go(500);
    return id;
  }

  /** Sends what the broker lets ship1's key send, with what the payload says; gives what was answered. */
  async attack(
    fields: Partial<Message>,
    headers: Record<string, string> = {},
    sender = 'ship1',
    place?: string,
  ): Promise<string> {
    const message = newMessage({ toNode: 'central', fromNode: 'ship1', ...fields });
    const plain = `${message.toNode}.${message.method}.${kindOf(message.method)}`;
    const reply = place ?? `${plain}.reply.ship1.${++this.#count}`;
    let answer = '';
    const id = this.world.broker.subscribe(this.#thief, reply, (frame) => {
      answer = `${frame.headers['Steward-Status'] ?? ''} ${frame.headers['Steward-Reason'] ?? ''}`;
    });
    const { payload } = encodeMessage(message, { serialization: 'cbor', compression: '' });
    const id7 = { 'Nats-Msg-Id': `019b76db-0000-7000-8000-${String(this.#count).padStart(12, '0')}` };
    this.world.broker.publish(this.#thief, {
      ...{ subject: sender === '' ? plain : `${plain}.from.${sender}`, reply, payload },
      headers: { serial: 'cbor', 'Steward-Lane': `thief${this.#count}/1/1`, ...id7, ...headers },
    });
    for (let waited = 0; answer === '' && waited < 10_000; waited += 500) await this.go(500);
    this.#thief.interests.delete(id);
    return answer;
  }

  /** What a file of a node holds; '' where there is none. */
  read(node: string, path: string): string {
    return this.world.machine(node).files.read(path);
  }

  get ran(): readonly string[] {
    return this.timeline.story.filter((line) => / begins /.test(line));
  }
}

async function start(t: TestContext): Promise<StolenShip> {
  const fleet = new StolenShip(t);
  await fleet.go(5000);
  return fleet;
}

test('a stolen ship commands neither central nor another ship, under no name', async (t) => {
  const fleet = await start(t);
  for (const toNode of ['central', 'ship2']) {
    const command = { toNode, method: 'REQCliCommand', methodArgs: ['stolen', '10'] };
    assert.match(await fleet.attack(command), /^rejected .*may not ask/);
    assert.match(await fleet.attack({ ...command, fromNode: 'central' }), /^rejected /);
    // Without proof nobody is answered where a node waits that has proved itself here.
    const unproved = toNode === 'central' ? /^$/ : /^busy not proved/;
    assert.match(await fleet.attack(command, {}, ''), unproved);
    assert.match(await fleet.attack({ ...command, relayFromNode: 'central' }), /^rejected /);
  }
  assert.deepEqual(fleet.ran, []);
});

test('an unproved message is not lost: it waits for its sender to be proved', async (t) => {
  const fleet = await start(t);
  const append = { method: 'REQToFileAppend', data: [Buffer.from('x')], directory: 'd', fileName: 'f' };
  const place = 'central.REQToFileAppend.EventACK.reply.ship3.1';
  const answer = await fleet.attack({ ...append, fromNode: 'ship3' }, {}, '', place);
  assert.match(answer, /^busy not proved: .* is from ship3/);
  assert.equal(fleet.read('central', 'd/ship3/f'), '');
});

test("a reply counts from the node that was asked, where the request says; central's own answers keep working", async (t) => {
  const fleet = await start(t);
  const id = await fleet.command('ship2', 'asked', { directory: 'd', fileName: 'f' });
  await fleet.go(5000);
  const before = fleet.read('central', 'd/ship2/f');
  assert.notEqual(before, '');
  const reply = {
    ...{
      method: 'REQToFileAppend',
      isReply: true,
      directory: 'd',
      fileName: 'f',
      data: [Buffer.from('forged')],
    },
    previousMessage: newMessage({ toNode: 'ship2', fromNode: 'central', method: 'REQCliCommand' }),
  };
  assert.match(
    await fleet.attack(reply, { 'Steward-Re': id }),
    /^rejected .*was sent to ship2, not to ship1/,
  );
  assert.equal(fleet.read('central', 'd/ship2/f'), before);
  const own = await fleet.command('ship1', 'mine', { directory: 'd', fileName: 'f' });
  await fleet.go(5000);
  for (const change of [
    { directory: 'errorLog' },
    { fileName: 'other' },
    { previousMessage: newMessage({ toNode: 'errorCentral' }) },
  ])
    assert.match(
      await fleet.attack({ ...reply, ...change }, { 'Steward-Re': own }),
      /^rejected .*another place/,
    );
});

test('what answers no request that is known is taken and kept apart', async (t) => {
  const fleet = await start(t);
  const previousMessage = newMessage({ toNode: 'ship1', fromNode: 'central', method: 'REQCliCommand' });
  const reply = { method: 'REQToFileAppend', isReply: true, directory: 'd', fileName: 'f', previousMessage };
  const answer = await fleet.attack(
    { ...reply, data: [Buffer.from('late')] },
    { 'Steward-Re': '019b76db-ffff-7fff-8fff-ffffffffffff' },
  );
  assert.match(answer, /^accepted/);
  assert.equal(fleet.read('central', 'd/ship1/f'), '');
});

test("no answer of central goes where another ship waits for one, and nobody goes on with another ship's lane", async (t) => {
  const fleet = await start(t);
  const epochs = new Set<string>();
  const { publish } = fleet.world.broker;
  fleet.world.broker.publish = (from, frame) => {
    const lane = frame.headers['Steward-Lane'];
    if (lane && frame.subject === 'central.REQToFileAppend.EventACK.from.ship2')
      epochs.add(lane.split('/')[0]!);
    publish.call(fleet.world.broker, from, frame);
  };
  const append = { method: 'REQToFileAppend', data: [Buffer.from('x')], directory: 'd', fileName: 'f' };
  const subject = 'central.REQToFileAppend.EventACK';
  for (const place of [`${subject}.reply.ship2.1-1`, 'ship2.REQToFile.EventACK.from.central', '_INBOX.a'])
    for (const sender of ['ship1', '']) {
      if (sender === '' && place.startsWith(subject)) continue;
      assert.equal(await fleet.attack(append, {}, sender, place), '', `${place} of ${sender}`);
    }
  assert.equal(fleet.read('central', 'd/ship1/f'), '');
  assert.match(await fleet.attack(append, {}, 'ship1', `${subject}.reply.ship1.1-1`), /^accepted/);

  const own = { toNode: 'central', ...append, directory: 'own' };
  const send = (text: string) =>
    void fleet.world.node('ship2')!.submit([{ ...own, data: [text], replyMethod: 'REQNone' }]);
  send('1');
  await fleet.go(5000);
  const [epoch] = epochs;
  for (const [sender, wanted] of [
    ['ship1', /^accepted/],
    ['', /^$/],
  ] as const)
    assert.match(await fleet.attack(append, { 'Steward-Lane': `${epoch}/1000/1000` }, sender), wanted);
  send('2');
  await fleet.go(5000);
  assert.equal(fleet.read('central', 'own/ship2/f'), '12');
  assert.equal(epochs.size, 1);
});

test("a report in another ship's name ends nothing, and requests of others are not cancelled", async (t) => {
  const fleet = await start(t);
  const id = await fleet.command('ship2', 'slow', { methodArgs: ['slow', '60000'], methodTimeout: 100 });
  await fleet.go(3000);
  const data = [encodeReport([{ id, state: 'succeeded' }])];
  assert.match(
    await fleet.attack({ method: 'REQReport', fromNode: 'ship2', data }),
    /^rejected .*comes from ship1/,
  );
  await fleet.attack({ method: 'REQReport', data });
  const cancel = { toNode: 'ship2', method: 'REQCancel', methodArgs: [id] };
  assert.match(await fleet.attack(cancel), /^rejected .*of its own alone/);
  await fleet.go(5000);
  assert.equal(fleet.timeline.story.filter((line) => line.includes('slow ended')).length, 0);
});

test('what nobody asked for is appended below the folder of its sender alone', async (t) => {
  const fleet = await start(t);
  const append = { method: 'REQToFileAppend', data: [Buffer.from('x')], fileName: 'f' };
  assert.match(await fleet.attack({ ...append, directory: 'errorLog' }), /^rejected /);
  assert.match(await fleet.attack({ ...append, directory: 'd/ship2' }), /^rejected /);
  const previousMessage = newMessage({ toNode: 'ship2' });
  assert.match(await fleet.attack({ ...append, directory: 'd', previousMessage }), /^accepted/);
  assert.equal(fleet.read('central', 'd/ship1/f'), 'x');
  assert.equal(fleet.read('central', 'd/ship2/f'), '');
});

test('all that nodes publish and hear in a closed fleet is within what its broker allows them, and no attack is', async (t) => {
  const timeline = new Timeline({ keepsStory: false });
  const truth = new Truth(timeline, { mayRepeat: () => false });
  const world = new World({ timeline, chance: new Chance('rights'), truth, swaps: {}, trust: 'closed' });
  t.after(() => world.end());
  const names = ['central', 'ship1', 'ship2'];
  const shape = { central: 'central', isClosed: () => true };
  const rights = new Map(names.map((name) => [name, new Permissions(permissionsOf(name, shape))]));
  const nameOf = ({ link }: Connection) => names.find((name) => world.linkOf(name) === link)!;
  const refused: string[] = [];
  const { publish, subscribe } = world.broker;
  world.broker.publish = (from, frame) => {
    if (!rights.get(nameOf(from))!.publish.allows(frame.subject))
      refused.push(`${nameOf(from)} > ${frame.subject}`);
    publish.call(world.broker, from, frame);
  };
  world.broker.subscribe = (from, subject, handler) => {
    if (!rights.get(nameOf(from))!.subscribe.allows(subject)) refused.push(`${nameOf(from)} < ${subject}`);
    return subscribe.call(world.broker, from, subject, handler);
  };
  for (const name of names) world.add(name);
  await timeline.runUntil(5000);
  const items = ['ship1', 'ship2'].map((toNode) => ({
    ...{ toNode, method: 'REQCliCommand', methodArgs: [toNode, '100'], directory: 'd', fileName: 'f' },
  }));
  void world.node('central')!.submit(items);
  const append = {
    toNode: 'central',
    method: 'REQToFileAppend',
    data: ['x'],
    directory: 'd',
    fileName: 'own',
  };
  void world.node('ship1')!.submit([append]);
  await timeline.runUntil(120_000);
  for (const ship of ['ship1', 'ship2'])
    assert.match(world.machine('central').files.read(`d/${ship}/f`), /./);
  assert.equal(world.machine('central').files.read('d/ship1/own'), 'x');
  // The widest subjects for answers are tried first.
  assert.deepEqual(new Set(refused.filter((subject) => !/ < \*\.|REQRelay/.test(subject))), new Set());

  const stolen = rights.get('ship1')!;
  for (const subject of [
    ...['central.REQCliCommand.CommandACK', 'central.REQCliCommand.CommandACK.from.ship1'],
    ...['central.REQPing.EventACK.from.ship1', 'central.REQCopyFileFrom.EventACK.from.ship1'],
    ...['central.REQReport.EventACK.from.ship2', 'central.REQReport.EventACK', 'central.REQHello.EventNACK'],
    ...['ship2.REQCliCommand.CommandACK.from.ship1', 'ship2.REQCliCommand.CommandACK.from.central'],
    ...['ship2.REQToFile.EventACK.from.ship1', 'ship2.Steward.State.from.ship1', 'ship2.Steward.Instance'],
    ...['errorCentral.REQErrorLog.EventACK', 'ship1.REQCliCommand.CommandACK.from.central'],
    ...['central.REQOpProcessStart.CommandACK.from.ship1', 'ship2.central.REQRelay.EventACK.from.ship1'],
  ])
    assert.equal(stolen.publish.allows(subject), false, subject);
  for (const subject of [
    'central.*.*',
    'ship2.>',
    '*.*.*.from.>',
    'central.*.*.from.>',
    'central.Steward.Instance',
  ])
    assert.equal(stolen.subscribe.allows(subject), false, subject);
});
