import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { startFleet, submitAll, waitForEnd } from '../support/fleet.ts';
import { waitFor } from '../support/wait-for.ts';

test('fault 12: a page is fetched within methodTimeout and written at central, also a large binary one', async (t) => {
  const page = randomBytes(3_000_000);
  const server = createServer((request, response) => {
    if (request.url === '/large') response.end(page);
    else if (request.url === '/web.html') response.end('<html>\n');
    else if (request.url === '/missing') response.writeHead(404).end('not here');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { central } = await startFleet(t);
  const get = (path: string) => ({
    toNode: 'ship1',
    method: 'REQHttpGet',
    replyMethod: 'REQToFile',
    methodArgs: [url + path],
    directory: 'web',
    fileName: 'page',
    methodTimeout: 3,
  });
  const [small] = await submitAll(central, get('/web.html'));
  const row = await waitForEnd(central, small!);
  assert.equal(row.state, 'succeeded');
  assert.match(String(row.reason), /^200 OK in \d+ ms, 7 bytes$/);
  assert.equal(await central.waitForFile('web/ship1/page'), '<html>\n');

  const [missing, silent, large] = await submitAll(central, [get('/missing'), get('/silent'), get('/large')]);
  const [missed, waited, whole] = await Promise.all(
    [missing, silent, large].map((id) => waitForEnd(central, id!)),
  );
  assert.deepEqual([missed!.state, waited!.state, whole!.state], ['failed', 'timed-out', 'succeeded']);
  assert.match(String(missed!.reason), /answered 404 Not Found/);
  await waitFor('the large page', async () => {
    const written = await readFile(join(central.dataFolder, 'web/ship1/page'));
    return hash(written) === hash(page);
  });
});

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
