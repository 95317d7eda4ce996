import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { describeApi } from '../../src/api/openapi.ts';
import { clientTypes, type OpenApiDocument } from '../support/openapi-types.ts';
import { tempFolder } from '../support/temp-folder.ts';

const PROJECT = join(import.meta.dirname, '../..');
const TSC = join(PROJECT, 'node_modules/.bin/tsc');
const run = promisify(execFile);

/** Both ways: what a node answers can be read with the types of the document, and the other way round. */
const CHECKS = `
import type * as Described from './described.mts';
import type { CallName, Contract, QueryOf } from '${PROJECT}/src/contract/contract.ts';
import type { ApiEvent } from '${PROJECT}/src/contract/events.ts';
import type { ApiFault } from '${PROJECT}/src/contract/faults.ts';
import type { StewardApi } from '${PROJECT}/src/client/steward-api.ts';

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Query<N extends CallName> = QueryOf<Contract[N]> extends undefined ? {} : QueryOf<Contract[N]>;
/** Where a moment is written as a text, a client of ours gives a number. */
type Told<N extends CallName> = Query<N> extends Described.Client[N]['query'] ? true : false;

export const answers: { [N in CallName]: Same<Awaited<ReturnType<StewardApi[N]>>, Described.Client[N]['answer']> } = {
  NAMES
};
export const queries: { [N in CallName]: Told<N> } = {
  NAMES
};
export const events: Same<ApiEvent, Described.Client['events']['answer']> = true;
export const fault: Same<ApiFault, Described.ApiFault> = true;
export const body: Same<Parameters<StewardApi['targets']>[0], Described.Client['targets']['body']> = true;
`;

async function compile(t: TestContext, document: OpenApiDocument): Promise<string> {
  const { path } = await tempFolder(t);
  const names = Object.values(document.paths)
    .flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId))
    .filter((name) => name !== 'events' && name !== 'openapi');
  const checks = CHECKS.replaceAll('NAMES', names.map((name) => `${name}: true`).join(', '));
  await writeFile(join(path, 'described.mts'), clientTypes(document));
  await writeFile(join(path, 'checks.mts'), checks);
  const config = {
    extends: join(PROJECT, 'tsconfig.json'),
    compilerOptions: {
      typeRoots: [join(PROJECT, 'node_modules/@types')],
      rewriteRelativeImportExtensions: false,
    },
    files: ['checks.mts'],
    include: [],
  };
  await writeFile(join(path, 'tsconfig.json'), JSON.stringify(config));
  return await run(process.execPath, [TSC, '--project', path]).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
}

const document = describeApi({ version: '1' }) as unknown as OpenApiDocument;

test('a client that is generated from the OpenAPI document has the types of our own', async (t) => {
  assert.equal(await compile(t, document), '');
});

test('a description that says something else does not compile', async (t) => {
  const { RequestSummary, ...others } = document.components.schemas;
  const properties = { ...RequestSummary!.properties, tookMs: { type: 'string' } };
  const schemas = { ...others, RequestSummary: { ...RequestSummary, properties } };
  const faults = await compile(t, { ...document, components: { schemas } });
  assert.match(faults, /checks\.mts.*Type 'true' is not assignable to type 'false'/);
});
