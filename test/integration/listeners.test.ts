import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { errorLog } from '../support/fleet.ts';
import { freePort } from '../support/free-port.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { exchange, httpClient, type RawClient, type RawReply, socketClient } from '../support/raw-client.ts';

const LIMIT_MB = 16;
const MEBIBYTE = 1024 * 1024;

interface Entry {
  readonly index: number | null;
  readonly toNode?: string;
  readonly id?: string;
  readonly reason?: string;
}

interface Parsed {
  readonly batch?: string;
  readonly accepted: Entry[];
  readonly refused: Entry[];
  readonly warnings: Entry[];
}

const message = (fields: object = {}) => ({
  toNode: 'ship9',
  method: 'REQToFileAppend',
  directory: 'd',
  fileName: 'f',
  data: ['x'],
  ...fields,
});
const list = (count: number) => JSON.stringify(Array.from({ length: count }, () => message()));

const stack = new AsyncDisposableStack();
after(() => stack.disposeAsync());
let node: StewardNode;
let clients: RawClient[];

before(async () => {
  const broker = stack.use(await startBroker());
  const [tcp, http] = [await freePort(), await freePort()];
  const flags = {
    tcpListener: `127.0.0.1:${tcp}`,
    httpListener: `127.0.0.1:${http}`,
    maxMessageMB: LIMIT_MB,
  };
  node = stack.use(await startStewardNode({ name: 'central', broker, flags }));
  clients = [
    socketClient('unix', { path: node.socketPath }),
    socketClient('tcp', { host: '127.0.0.1', port: tcp }),
    httpClient(http),
  ];
});

/** Each says what a submission must come to, on every listener. */
const CASES: {
  title: string;
  text: string;
  accepted: number;
  refused?: RegExp[];
  status: number;
}[] = [
  { title: 'a list', text: list(3), accepted: 3, status: 200 },
  { title: 'one object', text: JSON.stringify(message()), accepted: 1, status: 200 },
  {
    title: 'YAML',
    text: '- toNode: ship9\n  method: REQToFileAppend\n  data: [x]\n',
    accepted: 1,
    status: 200,
  },
  {
    title: 'trailing commas',
    text: `[${JSON.stringify(message()).replace('}', ',}')},]`,
    accepted: 1,
    status: 200,
  },
  {
    title: 'a list of which a part is refused',
    text: JSON.stringify([message(), message({ toNode: 'a..b' }), message({ toNodes: ['ship8'] }), 5]),
    accepted: 3,
    refused: [/^1 .*a\.\.b/, /^3 .*object/],
    status: 207,
  },
  {
    title: 'a list that is refused',
    text: JSON.stringify([{ toNode: 'x' }]),
    accepted: 0,
    refused: [/^0 method/],
    status: 422,
  },
  { title: 'broken JSON', text: '[{"toNode" "a"}]', accepted: 0, refused: [/^null line 1/], status: 400 },
  { title: 'JSON that ends too early', text: '[{"toNode":', accepted: 0, refused: [/^null /], status: 400 },
  { title: 'a text that is no message', text: 'hello', accepted: 0, refused: [/^null /], status: 400 },
  { title: 'an empty list', text: '[]', accepted: 0, refused: [/^null .*no message/], status: 400 },
];

suite('every listener answers alike', () => {
  for (const { title, text, accepted, refused = [], status } of CASES) {
    test(title, async () => {
      const shapes: unknown[] = [];
      for (const client of clients) {
        const answer = checked(client, await exchange(client, text), status);
        assert.equal(answer.accepted.length, accepted, client.name);
        assert.equal(answer.batch !== undefined, accepted > 0);
        assert.equal(answer.refused.length, refused.length);
        for (const [at, words] of refused.entries()) {
          const { index, reason } = answer.refused[at]!;
          assert.match(`${index} ${reason}`, words, client.name);
        }
        shapes.push(shapeOf(answer));
      }
      for (const shape of shapes) assert.deepEqual(shape, shapes[0]);
    });
  }

  test('nothing at all', async () => {
    for (const client of clients) {
      const { status, body } = await exchange(client, '');
      if (client.name === 'http') assert.match(`${status} ${body}`, /^400 .*is empty/);
      else assert.equal(body, '');
    }
  });

  test('10 MB', async () => {
    const text = JSON.stringify([message({ data: ['x'.repeat(10 * MEBIBYTE)] })]);
    for (const client of clients) {
      assert.equal(checked(client, await exchange(client, text), 200).accepted.length, 1, client.name);
    }
  });

  test('fault 11: a submission that comes in pieces', async () => {
    for (const client of clients) {
      const socket = (await client.open()).setNoDelay(true);
      const bytes = client.frame(list(2));
      for (let at = 0; at < bytes.length; at += 7) {
        await new Promise((resolve) => socket.write(bytes.subarray(at, at + 7), resolve));
      }
      assert.equal(checked(client, await client.read(socket), 200).accepted.length, 2, client.name);
      socket.destroy();
    }
  });

  test('more than the limit', async () => {
    const text = JSON.stringify([message({ data: ['x'.repeat((LIMIT_MB + 1) * MEBIBYTE)] })]);
    for (const client of clients) {
      const answer = checked(client, await exchange(client, text), 413);
      assert.match(answer.refused[0]!.reason!, /16777216 bytes at most/, client.name);
    }
    await reported('16777216 bytes at most');
  });

  test('a client that leaves in the middle, or before its answer', async () => {
    for (const client of clients) {
      const bytes = client.frame(list(2));
      for (const count of [bytes.length - 5, bytes.length]) {
        const socket = await client.open();
        await new Promise((resolve) => socket.write(bytes.subarray(0, count), resolve));
        socket.destroy();
      }
      assert.equal(checked(client, await exchange(client, list(1)), 200).accepted.length, 1, client.name);
    }
  });

  test('100 clients at once, with others that hang', async () => {
    for (const client of clients) {
      const silent = await client.open();
      const halfway = await client.open();
      halfway.write(client.frame(list(2)).subarray(0, -5));
      const replies = await Promise.all(Array.from({ length: 100 }, () => exchange(client, list(1))));
      const ids = replies.map((reply) => checked(client, reply, 200).accepted[0]!.id);
      assert.equal(new Set(ids).size, 100, client.name);
      silent.destroy();
      halfway.destroy();
    }
  });

  test('an unfinished submission is refused after 10 s of silence', async () => {
    const sockets = await Promise.all(
      clients.map(async (client) => {
        const socket = await client.open();
        socket.write(client.frame(list(2)).subarray(0, -5));
        return { client, socket };
      }),
    );
    for (const { client, socket } of sockets) {
      const answer = checked(client, await client.read(socket), 408);
      assert.match(answer.refused[0]!.reason!, /the input ended .*for 10 s/, client.name);
      socket.destroy();
    }
    await reported('the input ended inside');
    await reported('the input ended too early');
  });
});

test('what was accepted is in the ledger under the ids that were given', async () => {
  for (const client of clients) {
    const { batch, accepted } = checked(client, await exchange(client, list(2)), 200);
    const rows = node.query('SELECT id FROM ledger WHERE batch = ? ORDER BY id', batch!);
    assert.deepEqual(
      rows.map(({ id }) => id),
      accepted.map(({ id }) => id),
    );
  }
});

test('what is wrong with a submission is in the log of errors too, without its text', async () => {
  const secret = 'not-for-the-log';
  for (const client of clients) {
    await exchange(client, `[{"toNode":"${client.name}" "${secret}"}]`);
    await exchange(client, JSON.stringify([message({ method: `REQNo${client.name}`, data: [secret] })]));
  }
  await reported('line 1, column');
  for (const { name } of clients) await reported(`message 0: method "REQNo${name}" is not a method`);
  const log = await errorLog(node);
  assert.ok(!log.includes(secret));
  for (const { name } of clients) assert.equal(log.split(`REQNo${name}`).length, 2, name);
});

/** Waits until the log of errors has some words. */
async function reported(words: string): Promise<void> {
  await node.waitForFile('errorLog/errorCentral/error.log', (text) => text.includes(words));
}

function checked(client: RawClient, { status, body }: RawReply, expected: number): Parsed {
  if (client.name === 'http') assert.equal(status, expected, body);
  assert.doesNotMatch(body, /\n/, `${client.name} gave more than one line`);
  return JSON.parse(body) as Parsed;
}

/** An answer without what differs each time. */
function shapeOf({ accepted, refused, warnings }: Parsed): unknown {
  return { accepted: accepted.map(({ index, toNode }) => ({ index, toNode })), refused, warnings };
}
