import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { routesModule, withRouteTable } from '../../scripts/contract-doc.ts';
import type { ApiClient } from '../../src/client/api-client.ts';
import { CONTRACT } from '../../src/contract/contract.ts';
import { FAULT_CODES } from '../../src/contract/faults.ts';
import { type OperationRow, routeOf } from '../../src/contract/operation.ts';
import { ROUTES } from '../../src/contract/routes.ts';
import { count, list, object, text, word } from '../../src/contract/schema.ts';
import { httpRequest } from '../support/api-request.ts';
import { ignoringWidths } from '../support/documentation.ts';

const PROJECT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(PROJECT, path), 'utf8');

test('the routes that clients load and the table in doc/api.md follow from the contract (npm run doc writes them)', () => {
  const page = read('doc/api.md');
  assert.equal(ignoringWidths(page), ignoringWidths(withRouteTable(page)));
  assert.ok(routesModule().includes('  status: {"method":"GET","path":"/v1/status","answer":"json"},'));
  for (const [name, row] of Object.entries<OperationRow>(CONTRACT))
    assert.deepEqual(ROUTES[name as keyof typeof CONTRACT], routeOf(row), name);
  assert.deepEqual(Object.keys(ROUTES), Object.keys(CONTRACT));
});

test('doc/api.md has a row for every code of a fault', () => {
  const codes = [...read('doc/api.md').matchAll(/^\| \d{3} +\| `([a-z-]+)`/gm)].map(([, code]) => code!);
  assert.deepEqual(codes.toSorted(), FAULT_CODES.toSorted());
});

const COUNT_WORDS: OperationRow = {
  does: 'PUT /v1/texts/{id}/words',
  summary: 'Words of a text',
  query: object({}, { from: word }),
  body: object({ words: list(text) }),
  answer: object({ id: text, from: text, words: count }),
};

/** Everything that follows from the contract, made while it has one operation more. */
async function startWithOneMore(t: TestContext) {
  Object.assign(CONTRACT, { countWords: COUNT_WORDS });
  Object.assign(ROUTES, { countWords: routeOf(COUNT_WORDS) });
  t.after(() => {
    Reflect.deleteProperty(CONTRACT, 'countWords');
    Reflect.deleteProperty(ROUTES, 'countWords');
  });
  const { startFakeApi } = await import('../support/fake-api.ts');
  const { FakeOperations } = await import('../support/fake-operations.ts');
  const { describeApi } = await import('../../src/api/openapi.ts');
  return { startFakeApi, FakeOperations, describeApi };
}

test('an operation is its row in the contract and its function: the rest follows', async (t) => {
  const { startFakeApi, FakeOperations, describeApi } = await startWithOneMore(t);
  const countWords = async (id: string, { words }: { words: string[] }, { from = '' }) => ({
    ...{ id, from },
    words: words.length,
  });
  const place = await startFakeApi(t, { desk: Object.assign(new FakeOperations(), { countWords }) });
  const client = place.client as ApiClient & { countWords(...asked: unknown[]): Promise<unknown> };
  assert.deepEqual(await client.countWords('a/b', { words: ['x', 'y'] }, { from: 'z' }), {
    ...{ id: 'a/b', from: 'z', words: 2 },
  });
  const wrong = async (asked: unknown, query = {}) =>
    (await client.countWords('a', asked, query).catch((error) => error)) as Error;
  assert.match(
    (await wrong({ words: ['x', 3] })).message,
    /^words\[1\] is 3: words must be a list of texts$/,
  );
  assert.match((await wrong({})).message, /^words is missing: the body must be \{"words": \[\.\.\.\]\}/);
  assert.match((await wrong({ words: [] }, { fron: 'z' })).message, /did you mean from\?/);
  assert.equal((await httpRequest(place, '/v1/texts/a/words')).headers.allow, 'PUT');
  const paths = describeApi({ version: '1' }).paths as Record<string, { put: { operationId: string } }>;
  assert.equal(paths['/v1/texts/{id}/words']!.put.operationId, 'countWords');
  assert.match(withRouteTable(read('doc/api.md')), /`PUT \/v1\/texts\/\{id\}\/words` \| Words of a text/);
  const { client: sampled } = await startFakeApi(t);
  assert.deepEqual(await (sampled as typeof client).countWords('a', { words: [] }), {
    ...{ id: '', from: '', words: 0 },
  });
});
