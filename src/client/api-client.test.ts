import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFakeApi } from '../../test/support/fake-api.ts';
import type { ApiEvent } from '../contract/events.ts';

test('a client submits, follows events, and reads lists, a request and its output', async (t) => {
  const { client, desk } = await startFakeApi(t);
  desk.onSubmitted = ({ id }) => {
    desk.move(id, 'running');
    desk.print(id, 'hello\n');
    desk.move(id, 'succeeded', { exitCode: 0 });
  };
  const stop = new AbortController();
  const events: ApiEvent[] = [];
  const following = (async () => {
    for await (const event of client.events({ type: ['hello', 'requests', 'output'] }, stop.signal)) {
      events.push(event);
      if (event.type === 'hello')
        await client.submit([{ toNode: 'ship1', method: 'REQCliCommand', methodArgs: ['uptime'] }]);
      if (event.type === 'requests' && event.requests[0]!.state === 'succeeded') stop.abort();
    }
  })();
  await following;
  assert.deepEqual(
    events.map((event) => (event.type === 'requests' ? event.requests[0]!.state : event.type)),
    ['hello', 'queued', 'running', 'output', 'succeeded'],
  );
  const { items, next } = await client.requests({ node: ['ship1'], state: ['succeeded', 'failed'] });
  assert.equal(items.length, 1);
  assert.equal(next, null);
  const { id, batch } = items[0]!;
  assert.equal((await client.request(id)).exitCode, 0);
  assert.equal(Buffer.from(await client.output(id, { from: 1 })).toString(), 'ello\n');
  await client.planBatch(batch!, { rest: ['ship2'] });
  assert.deepEqual((await client.batch(batch!)).plan, { rest: ['ship2'] });
  assert.equal((await client.nodes()).length, 3);
});
