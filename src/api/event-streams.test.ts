import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { type TestContext, test } from 'node:test';
import { faultIn, httpRequest } from '../../test/support/api-request.ts';
import { startFakeApi } from '../../test/support/fake-api.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import type { EventFilter } from '../contract/events.ts';
import { OperationError } from '../contract/operation-error.ts';

/** Follows events on a connection of its own; `text` is what came so far. */
async function follow(
  t: TestContext,
  socketPath: string,
  query = '',
  headers: Readonly<Record<string, string>> = {},
) {
  const sent = request({ socketPath, path: `/v1/events${query}`, agent: false, headers }).end();
  t.after(() => sent.destroy());
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const stream = { response, text: '', isOver: false };
  response.setEncoding('utf8').on('data', (piece: string) => {
    stream.text += piece;
  });
  const over = () => {
    stream.isOver = true;
  };
  response.on('end', over).on('error', over);
  return stream;
}

test('the first event is a hello, and each comes with its type and its data', async (t) => {
  const { socketPath, desk } = await startFakeApi(t);
  const stream = await follow(t, socketPath);
  assert.equal(stream.response.headers['content-type'], 'text/event-stream; charset=utf-8');
  desk.collect({ node: 'ship1', line: 'two\nlines' });
  await waitFor('the second event', () => stream.text.includes('event: errors'));
  assert.match(
    stream.text,
    /^event: hello\ndata: \{"at":\d+\}\n\nevent: errors\ndata: \{"lines":\[\{"node":"ship1","line":"two\\nlines"\}\]\}\n\n$/,
  );
});

test('the query becomes the filter', async (t) => {
  const { socketPath, desk } = await startFakeApi(t);
  const filters: EventFilter[] = [];
  const { events } = desk;
  desk.events = (filter, tell) => {
    filters.push(filter);
    return events.call(desk, filter, tell);
  };
  await follow(t, socketPath, '?type=requests&type=output&batch=b&id=i&node=ship1&node=ship%202');
  assert.deepEqual(filters, [
    { type: ['requests', 'output'], batch: 'b', id: 'i', node: ['ship1', 'ship 2'] },
  ]);
});

test('a client that leaves is no longer told', async (t) => {
  const { socketPath, desk } = await startFakeApi(t);
  const stream = await follow(t, socketPath);
  assert.equal(desk.listenerCount, 1);
  stream.response.destroy();
  await waitFor('the listener to go', () => desk.listenerCount === 0);
});

test('silence is broken by comments', async (t) => {
  const { socketPath } = await startFakeApi(t, { heartbeatMs: 5 });
  const stream = await follow(t, socketPath);
  await waitFor('two comments', () => stream.text.split(': still here\n\n').length > 2);
});

test('when the server stops, streams end with a last word', async (t) => {
  const { socketPath, server, desk } = await startFakeApi(t);
  const stream = await follow(t, socketPath);
  await server[Symbol.asyncDispose]();
  await waitFor('the end', () => stream.isOver);
  assert.ok(stream.text.endsWith(': the node is stopping\n\n'), stream.text);
  assert.equal(desk.listenerCount, 0);
});

test('a client that does not read is cut off, and the others are told on', async (t) => {
  const { socketPath, desk } = await startFakeApi(t, { maxUnreadBytes: 100_000 });
  const reader = await follow(t, socketPath);
  const sleeper = await follow(t, socketPath);
  sleeper.response.pause();
  const line = 'x'.repeat(10_000);
  let told = 0;
  await waitFor('the sleeper to be cut off', async () => {
    desk.tellAll({ type: 'errors', lines: [{ node: String(told++), line }] });
    return desk.listenerCount === 1;
  });
  desk.tellAll({ type: 'many', count: 1 });
  await waitFor('the last event', () => reader.text.includes('event: many'));
  assert.equal(reader.text.split('event: errors').length - 1, told);
  sleeper.response.resume();
  await waitFor('the end', () => sleeper.isOver);
  assert.ok(sleeper.text.split('event: errors').length - 1 < told);
});

test('clients that do not read share what is kept for all of them', async (t) => {
  const { socketPath, desk } = await startFakeApi(t, { maxStreams: 10, maxTotalUnreadBytes: 1_000_000 });
  const sleepers = await Promise.all(Array.from({ length: 8 }, () => follow(t, socketPath)));
  for (const { response } of sleepers) response.pause();
  const line = 'x'.repeat(10_000);
  let told = 0;
  await waitFor('some to be cut off', () => {
    desk.tellAll({ type: 'errors', lines: [{ node: String(told++), line }] });
    return desk.listenerCount < 8;
  });
  assert.ok(told * 10_000 < 4_000_000, 'each alone may have more than they have');
});

test('a client that falls behind for a moment is not cut off for those that never read', async (t) => {
  const { socketPath, desk } = await startFakeApi(t, { maxStreams: 10, maxTotalUnreadBytes: 1_000_000 });
  const sleepers = await Promise.all(Array.from({ length: 3 }, () => follow(t, socketPath)));
  for (const { response } of sleepers) response.pause();
  const line = 'x'.repeat(10_000);
  const tell = () => desk.tellAll({ type: 'errors', lines: [{ node: 'ship1', line }] });
  await waitFor('the sleepers to hold most of it', () => {
    tell();
    return desk.listenerCount < 3;
  });
  const before = desk.listenerCount;
  const reader = await follow(t, socketPath);
  // All at once, which nobody can read meanwhile: more than its share of what all may hold together.
  for (let told = 0; told < 50; told++) tell();
  desk.tellAll({ type: 'many', count: 1 });
  await waitFor('the last event', () => reader.text.includes('event: many'));
  assert.ok(desk.listenerCount <= before, 'sleepers had to go');
});

test('a limited number of clients may follow events', async (t) => {
  const { socketPath } = await startFakeApi(t, { maxStreams: 1 });
  await follow(t, socketPath);
  const reply = await httpRequest({ socketPath }, '/v1/events');
  assert.deepEqual([reply.status, faultIn(reply).code], [503, 'busy']);
  assert.match(faultIn(reply).message, /1 clients follow events already/);
});

test('a filter that the desk refuses is answered as a fault, not as a stream', async (t) => {
  const { socketPath, desk } = await startFakeApi(t);
  desk.events = () => {
    throw new OperationError('bad-request', 'no batch b is known', { field: 'batch' });
  };
  const reply = await httpRequest({ socketPath }, '/v1/events?batch=b');
  assert.deepEqual([reply.status, faultIn(reply).field], [400, 'batch']);
});

const BROWSER = { Accept: 'text/event-stream' };

/** The id of the last event that came. */
function lastId(text: string): string {
  return text
    .match(/^id: (.*)$/gm)!
    .at(-1)!
    .slice('id: '.length);
}

test('a browser that was cut off goes on behind the last event it got', async (t) => {
  const { socketPath, desk } = await startFakeApi(t);
  const first = await follow(t, socketPath, '?type=errors', BROWSER);
  desk.collect({ node: 'ship1', line: 'before' });
  await waitFor('the event', () => first.text.includes('before'));
  assert.match(first.text, /^event: hello\n/m);
  first.response.destroy();
  desk.collect({ node: 'ship1', line: 'meanwhile' });
  const headers = { ...BROWSER, 'Last-Event-ID': lastId(first.text) };
  const second = await follow(t, socketPath, '?type=errors', headers);
  await waitFor('what was missed', () => second.text.includes('meanwhile'));
  desk.collect({ node: 'ship1', line: 'after' });
  await waitFor('the next one', () => second.text.includes('after'));
  assert.doesNotMatch(second.text, /event: hello|before/);
  assert.equal(desk.listenerCount, 1);
  // The server has not noticed that the second connection is dead: the third one takes its place.
  const third = await follow(t, socketPath, '?type=errors', headers);
  await waitFor('all since', () => third.text.includes('meanwhile') && third.text.includes('after'));
  await waitFor('the old connection to end', () => second.isOver);
});

test('where what was missed is not known any more, the stream begins with a hello', async (t) => {
  const { socketPath, desk } = await startFakeApi(t);
  const first = await follow(t, socketPath, '?type=errors', BROWSER);
  await waitFor('the hello', () => first.text.includes('hello'));
  first.response.destroy();
  for (let count = 0; count < 100; count++) desk.collect({ node: 'ship1', line: 'x'.repeat(1000) });
  const id = lastId(first.text);
  for (const [query, last] of [
    ['?type=errors', id],
    ['?type=errors', id],
    ['?type=errors', 'nonsense'],
    ['?type=nodes', id],
  ] as const) {
    const again = await follow(t, socketPath, query, { ...BROWSER, 'Last-Event-ID': last });
    await waitFor('the hello', () => again.text.includes('event: hello'));
    assert.doesNotMatch(again.text, /xxx/);
    again.response.destroy();
  }
});

test('nothing is kept for a browser that does not come back in time, nor for more of them than may follow', async (t) => {
  const short = await startFakeApi(t, { resumeMs: 1 });
  (await follow(t, short.socketPath, '', BROWSER)).response.destroy();
  await waitFor('the listener to go', () => short.desk.listenerCount === 0);
  const { socketPath, desk } = await startFakeApi(t, { maxStreams: 2 });
  const stays = await follow(t, socketPath, '', BROWSER);
  for (let count = 0; count < 5; count++)
    await waitFor('a place among those who follow', async () => {
      const { response } = await follow(t, socketPath, '', BROWSER);
      response.destroy();
      return response.statusCode === 200;
    });
  assert.ok(desk.listenerCount <= 3, `${desk.listenerCount} are followed for`);
  desk.collect({ node: 'ship1', line: 'still told' });
  await waitFor('the one who stayed to be told', () => stays.text.includes('still told'));
});
