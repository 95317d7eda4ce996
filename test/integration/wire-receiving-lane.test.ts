import assert from 'node:assert/strict';
import { test } from 'node:test';
import { v7 as uuidV7 } from 'uuid';
import { type Message, newMessage } from '../../src/message/message.ts';
import { startBroker } from '../support/broker.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { waitFor } from '../support/wait-for.ts';
import { startWireClient, type Wire, type WireClient } from '../support/wire-client.ts';

let ship: StewardNode;
let client: WireClient;
let epoch = '';
let tests = 0;

test('a node answers what comes in lanes', async (t) => {
  const broker = await startBroker(t);
  ship = await startStewardNode({ name: 'ship1', broker, flags: { maxMessageMB: 2 } }, t);
  client = await startWireClient(broker, t);

  await t.test('accepted in turn, duplicate again, gap with the place that is expected', async () => {
    fresh();
    assert.deepEqual(short(await client.ask({ message: line('a'), lane: place(1, 1) })), ['accepted', '1-1']);
    assert.deepEqual(short(await client.ask({ message: line('a'), lane: place(1, 1) })), [
      'duplicate',
      '1-1',
    ]);
    const gap = await client.ask({ message: line('c'), lane: place(3, 1) });
    assert.deepEqual([...short(gap), gap.headers['Steward-Expects']], ['gap', '3-3', '2']);
    assert.deepEqual(short(await client.ask({ message: line('b'), lane: place(2, 1) })), ['accepted', '2-2']);
    assert.equal(Buffer.from(gap.payload).toString(), 'confirmed from: ship1: 0');
    assert.equal(await written(), 'a\nb\n');
  });

  await t.test(
    'answers name the message, and one answer for many is given on a shared reply subject only',
    async () => {
      fresh();
      const shared = await client.gather(`answers.${epoch}.shared`);
      const distinct = await client.gather(`answers.${epoch}.d.*`);
      for (let seq = 1; seq <= 3; seq++)
        client.send({ message: line(`${seq}`), lane: place(seq, 1), reply: `answers.${epoch}.shared` });
      await waitFor('an answer for three', () => shared.at(-1)?.headers['Steward-Range']?.endsWith('-3'));
      assert.ok(covers(shared, 1, 3));
      const ids = [4, 5, 6].map((seq) => {
        const id = uuidV7();
        client.send({ message: line(`${seq}`), lane: place(seq, 1), id, reply: `answers.${epoch}.d.${seq}` });
        return id;
      });
      await waitFor('three answers', () => distinct.length === 3);
      assert.deepEqual(distinct.map(short), [
        ['accepted', '4-4'],
        ['accepted', '5-5'],
        ['accepted', '6-6'],
      ]);
      assert.deepEqual(
        distinct.map(({ headers }) => headers['Nats-Msg-Id']),
        ids,
      );
      assert.equal(await written(), '1\n2\n3\n4\n5\n6\n');
    },
  );

  await t.test('a floor bridges what the sender gave up, and a new epoch begins at its floor', async () => {
    fresh();
    assert.deepEqual(short(await client.ask({ message: line('a'), lane: place(7, 7) })), ['accepted', '7-7']);
    assert.deepEqual(short(await client.ask({ message: line('b'), lane: place(12, 12) })), [
      'accepted',
      '12-12',
    ]);
    assert.deepEqual(short(await client.ask({ message: line('x'), lane: place(9, 9) })), [
      'duplicate',
      '9-9',
    ]);
    const gap = await client.ask({ message: line('x'), lane: place(20, 15) });
    assert.deepEqual([short(gap)[0], gap.headers['Steward-Expects']], ['gap', '15']);
    assert.equal(await written(), 'a\nb\n');
  });

  await t.test('a place that another message holds is told with its id, where that is known', async () => {
    fresh();
    const ids = [uuidV7(), uuidV7(), uuidV7()];
    const command = newMessage({ ...base('REQCliCommand'), methodArgs: ['true'], replyMethod: 'REQNone' });
    const refused = { ...command, toNode: 'ship9' };
    const subject = 'ship1.REQCliCommand.CommandACK';
    await client.ask({ message: command, lane: place(1, 1), id: ids[0] });
    await client.ask({ message: refused, subject, lane: place(2, 1), id: ids[1] });
    const taken = await client.ask({ message: command, lane: place(1, 1), id: ids[2] });
    assert.deepEqual([short(taken)[0], taken.headers['Steward-Seen-Id']], ['duplicate', ids[0]]);
    const same = await client.ask({ message: command, lane: place(1, 1), id: ids[0] });
    assert.deepEqual([short(same)[0], same.headers['Steward-Seen-Id']], ['duplicate', undefined]);
    const again = await client.ask({ message: refused, subject, lane: place(2, 1), id: ids[1] });
    assert.equal(short(again)[0], 'rejected', 'a refusal is repeated with its reason');
    assert.match(again.headers['Steward-Reason']!, /ship9/);
    const other = await client.ask({ message: refused, subject, lane: place(2, 1), id: ids[2] });
    assert.deepEqual([short(other)[0], other.headers['Steward-Seen-Id']], ['duplicate', ids[1]]);
  });

  await t.test('what is over is expired and not run, and the lane goes on', async () => {
    fresh();
    const headers = { 'Steward-Not-After': String(Date.now() - 1) };
    const late = await client.ask({ message: line('late'), lane: place(1, 1), headers });
    assert.equal(short(late)[0], 'expired');
    const soon = { 'Steward-Not-After': String(Date.now() + 60_000) };
    assert.equal(
      short(await client.ask({ message: line('soon'), lane: place(2, 1), headers: soon }))[0],
      'accepted',
    );
    assert.equal(await written(), 'soon\n');
  });

  await t.test(
    'a time that cannot be read is refused: what must not be late is not run at any time',
    async () => {
      for (const value of ['soon', '12e3', '0x10', '-5', '1.5', '99999999999999999999', 'NaN']) {
        fresh();
        const headers = { 'Steward-Not-After': value };
        const answer = await client.ask({ message: line('x'), lane: place(1, 1), headers });
        assert.equal(short(answer)[0], 'rejected', value);
        assert.match(answer.headers['Steward-Reason']!, /Steward-Not-After/);
      }
    },
  );

  await t.test('lane headers that are none are refused', async () => {
    const wrong = [
      'a',
      'a/1',
      'a/1/1/1',
      '/1/1',
      'a/0/0',
      'a/1/2',
      'a/-1/1',
      'a/1.5/1',
      'a/x/1',
      'a/1/',
      'a//',
      '-a/1/1',
    ];
    wrong.push(
      'a/1e0/1',
      'a/0x1/1',
      'a/ 1/1',
      'a/4294967296/1',
      `${'e'.repeat(65)}/1/1`,
      'a/99999999999999999999/1',
    );
    for (const lane of wrong) {
      const answer = await client.ask({ message: line('x'), lane });
      assert.equal(answer.headers['Steward-Status'], 'rejected', lane);
      assert.match(answer.headers['Steward-Reason']!, /Steward-Lane/, lane);
    }
  });

  await t.test('two senders on one subject do not disturb each other', async () => {
    fresh();
    const answers = await client.gather(`answers.${epoch}.*`);
    for (let seq = 1; seq <= 100; seq++) {
      for (const sender of ['x', 'y']) {
        const message = { ...line(`${seq}`, `${epoch}-${sender}`), fromNode: `node-${sender}` };
        client.send({ message, lane: `${epoch}-${sender}/${seq}/1`, reply: `answers.${epoch}.${sender}` });
      }
    }
    const of = (sender: string) => answers.filter(({ subject }) => subject.endsWith(`.${sender}`));
    await waitFor('all answers', () => covers(of('x'), 1, 100) && covers(of('y'), 1, 100));
    const wanted = Array.from({ length: 100 }, (_, i) => `${i + 1}\n`).join('');
    for (const sender of ['x', 'y']) assert.equal(await ship.file(`d/ship1/${epoch}-${sender}`), wanted);
  });

  await t.test('a node that starts again carries on in each lane where it was', async () => {
    fresh();
    for (let seq = 1; seq <= 3; seq++) await client.ask({ message: line(`${seq}`), lane: place(seq, 1) });
    await ship.restart();
    assert.equal(short(await client.ask({ message: line('3'), lane: place(3, 1) }))[0], 'duplicate');
    assert.equal(short(await client.ask({ message: line('4'), lane: place(4, 1) }))[0], 'accepted');
    assert.equal(await written(), '1\n2\n3\n4\n');
  });
});

function fresh(): void {
  epoch = `e${++tests}`;
}

function place(seq: number, floor: number): string {
  return `${epoch}/${seq}/${floor}`;
}

function base(method: string): Partial<Message> {
  return { toNode: 'ship1', fromNode: 'tester', method, directory: 'd', fileName: epoch, methodTimeout: 5 };
}

function line(text: string, fileName = epoch): Message {
  return newMessage({ ...base('REQToFileAppend'), fileName, data: [Buffer.from(`${text}\n`)] });
}

function written(): Promise<string> {
  return ship.file(`d/ship1/${epoch}`);
}

function short({ headers }: Wire): string[] {
  return [headers['Steward-Status'] ?? '', headers['Steward-Range'] ?? ''];
}

/** Whether accepted ranges cover these places, one after the other. */
function covers(answers: readonly Wire[], first: number, last: number): boolean {
  let next = first;
  for (const answer of answers) {
    const [status, range = ''] = short(answer);
    const [from, to] = range.split('-').map(Number);
    if (status !== 'accepted' || from !== next) return false;
    next = to! + 1;
  }
  return next === last + 1;
}
