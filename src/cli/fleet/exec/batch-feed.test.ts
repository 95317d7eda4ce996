import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../../client/api-error.ts';
import type { StewardApi } from '../../../client/steward-api.ts';
import type { ApiEvent } from '../../../contract/events.ts';
import { BatchFeed } from './batch-feed.ts';

const HELLO = { type: 'hello', at: 1 } as const;
const MANY = { type: 'many', count: 5000 } as const;

/** A node whose events are told, stream by stream; a stream that has told all breaks, and the last one stays open. */
function scriptedApi(streams: readonly (readonly ApiEvent[])[]) {
  const calls = { requests: 0, streams: 0 };
  const api = {
    async *events(_: unknown, signal: AbortSignal) {
      const events = streams[calls.streams++];
      yield* events ?? [];
      if (calls.streams < streams.length) throw new ApiError('broken', 'the link broke');
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
    async requests() {
      calls.requests++;
      return { items: [], next: null };
    },
    nodes: async () => [],
  };
  return { api: api as unknown as StewardApi, calls };
}

async function follow(
  streams: readonly (readonly ApiEvent[])[],
  isEnough: (calls: { requests: number }) => boolean,
) {
  const { api, calls } = scriptedApi(streams);
  const over = new AbortController();
  const told: string[] = [];
  const feed = new BatchFeed(
    api,
    { batch: 'b', types: ['requests', 'many'], signal: over.signal },
    {
      requests: () => {
        told.push('read');
        if (isEnough(calls)) over.abort();
      },
      output: () => {},
      nodes: () => {},
      connection: (fault) => void told.push(fault ?? 'back'),
    },
  );
  await feed.follow();
  return { told, calls };
}

test('of much that changes, all is read at once and then no more than once in a second', async () => {
  const before = performance.now();
  const { calls } = await follow([[HELLO, ...Array(50).fill(MANY)]], ({ requests }) => requests === 2);
  assert.deepEqual([calls.requests, performance.now() - before >= 990], [2, true]);
});

test('a broken connection is told once, and after it all is read anew', async () => {
  const { told } = await follow([[HELLO], [], [HELLO]], ({ requests }) => requests === 1);
  assert.deepEqual(told, ['the link broke', 'back', 'read']);
});

test('what another attempt does not mend ends the following, and so does a slip of the one who takes', async () => {
  const refused = { events: () => throwing(new ApiError('unauthorized', 'no')) } as unknown as StewardApi;
  const taker = { requests: () => {}, output: () => {}, nodes: () => {} };
  const options = { batch: 'b', types: ['requests'], signal: new AbortController().signal } as const;
  const feed = new BatchFeed(refused, options, taker);
  await assert.rejects(feed.follow(), /^ApiError: no$/);
  await assert.rejects(feed.ready, /no/);
  const { api } = scriptedApi([[HELLO, { type: 'requests', requests: [] }]]);
  const slip = {
    ...taker,
    requests: () => throwing(Object.assign(new Error('disk full'), { code: 'ENOSPC' })),
  };
  await assert.rejects(new BatchFeed(api, options, slip).follow(), /disk full/);
});

function throwing(error: Error): never {
  throw error;
}
