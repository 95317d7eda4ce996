import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { TestOutbox } from '../../test/support/test-outbox.ts';
import { Ledger } from '../ledger/ledger.ts';
import { decodeMessage } from '../message/codec/decode-message.ts';
import { encodeMessage } from '../message/codec/encode-message.ts';
import { type Message, newMessage } from '../message/message.ts';
import { replyTo } from '../message/reply.ts';
import { OutputReplies } from './output-replies.ts';

/** A command that is followed here, and that an original node has taken; its answer is here, unless `isAnswered` is false. */
async function start(t: TestContext, { method = 'REQCliCommand', isAnswered = true } = {}) {
  const made = await TestOutbox.start(t);
  const { store, transport } = made;
  const ledger = new Ledger({ store, now: TestOutbox.now, logger: { warn: () => {} } });
  const clock = { wallNow: TestOutbox.now, steadyNow: TestOutbox.now, after: () => () => {} };
  const replies = new OutputReplies({ store, ledger, clock });
  const fields = { toNode: 'ship1', fromNode: 'central', method, methodTimeout: 60 };
  const command = newMessage({ ...fields, methodArgs: ['echo', 'hello'], replyMethod: 'REQNone' });
  const body = encodeMessage(command, { serialization: 'gob', compression: '' }).payload;
  const subject = `ship1.${method}.CommandACK`;
  const [id] = await made.enqueue(1, { subject, body, output: 'live', batch: 'b' });
  const [sent] = transport.take();
  const asked = decodeMessage(sent!.payload, { serial: '', cmp: '', maxBytes: 100_000 });
  const answer = async () => {
    transport.answerPlainly(sent!);
    await made.settled();
  };
  if (isAnswered) await answer();
  const row = () => store.get<{ state: string; reason: string }>('SELECT * FROM ledger WHERE id = ?', id!)!;
  return { made, ledger, replies, asked, id: id!, row, answer };
}

function reply(asked: Message, text: string, more: Partial<Message> = {}) {
  const message = replyTo(asked, [Buffer.from(text)], { nodeName: 'ship1', defaultMethodTimeout: 10 })!;
  return { message: { ...message, ...more }, isFromOriginal: true };
}

test('an original node is asked for a reply under the id, and the reply is the output', async (t) => {
  const { ledger, replies, asked, id, row } = await start(t);
  assert.deepEqual([asked.replyMethod, asked.fileName], ['REQToFileAppend', id]);
  assert.match(`${row().state} ${row().reason}`, /^accepted .* its reply is awaited/);
  assert.equal(await replies.take(reply(asked, 'x', { fromNode: 'ship2' })), false, 'from another node');
  assert.equal(await replies.take(reply(asked, 'hello\n')), true);
  assert.match(`${row().state} ${row().reason}`, /^handed-over .* tells no exit code/);
  assert.equal(Buffer.from(ledger.output(id, 'stdout').data).toString(), 'hello\n');
});

test('where no reply comes the request ends when its time is over', async (t) => {
  const { made, replies, row } = await start(t);
  await replies.look();
  assert.equal(row().state, 'accepted');
  await made.advance(72_000, 8000);
  await replies.look();
  assert.match(`${row().state} ${row().reason}`, /^handed-over no reply came/);
});

test('a reply that overtakes the answer to its request is the output all the same, and the answer changes nothing', async (t) => {
  const { ledger, replies, asked, id, row, answer } = await start(t, { isAnswered: false });
  assert.equal(row().state, 'queued');
  assert.equal(await replies.take(reply(asked, 'hello\n')), true);
  await answer();
  assert.match(`${row().state} ${row().reason}`, /^handed-over .* tells no exit code/);
  assert.equal(Buffer.from(ledger.output(id, 'stdout').data).toString(), 'hello\n');
});

test('of what goes on a reply that overtakes the answer is the first of many, until its time is over', async (t) => {
  const { made, ledger, replies, asked, id, row, answer } = await start(t, {
    method: 'REQCliCommandCont',
    isAnswered: false,
  });
  await replies.take(reply(asked, 'one\n'));
  await answer();
  await made.advance(40_000, 8000);
  await replies.look();
  assert.equal(row().state, 'running');
  await replies.take(reply(asked, 'two\n'));
  assert.equal(Buffer.from(ledger.output(id, 'stdout').data).toString(), 'one\ntwo\n');
  await made.advance(32_000, 8000);
  await replies.look();
  assert.match(`${row().state} ${row().reason}`, /^handed-over .* until its methodTimeout/);
});

test('a reply of a node of this program goes into no file, and says no more than its report', async (t) => {
  const { replies, asked, row } = await start(t, { isAnswered: false });
  const { message } = reply(asked, 'hello\n');
  assert.equal(await replies.take({ message, isFromOriginal: false }), true);
  assert.equal(row().state, 'queued');
});

test('a file that an original node was asked for ends its request when it is written here', async (t) => {
  const { made, replies, asked, row } = await start(t, { method: 'REQCopyFileFrom' });
  assert.equal(asked.replyMethod, 'REQNone');
  await replies.copied({ methodArgs: ['another', 'central', '/file'] });
  assert.match(`${row().state} ${row().reason}`, /^accepted .* its reply is awaited/);
  await replies.copied({ methodArgs: asked.methodArgs });
  await made.settled();
  assert.match(`${row().state} ${row().reason}`, /^succeeded written here/);
});

test('a file that does not come leaves its request to the log of errors', async (t) => {
  const { made, replies, row } = await start(t, { method: 'REQCopyFileFrom' });
  await made.advance(72_000, 8000);
  await replies.look();
  assert.match(`${row().state} ${row().reason}`, /^handed-over no file came .* errorCentral/);
});
