import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONTRACT } from '../contract/contract.ts';
import type { OperationRow } from '../contract/operation.ts';
import { describeApi } from './openapi.ts';

type Described = Record<
  string,
  Record<string, { operationId: string; summary: string; parameters?: { name: string; in: string }[] }>
>;

const document = describeApi({ version: '1.2.3' });
const paths = document.paths as Described;

test('every route is described under its path and method, and nothing else', () => {
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, { operationId }]) => `${operationId} ${method.toUpperCase()} ${path}`,
    ),
  );
  const served = Object.entries(CONTRACT).map(([name, { does }]) => `${name} ${does}`);
  assert.deepEqual(described.sort(), served.sort());
});

test('every query value of the contract is described, and named in the summary, and no other', () => {
  for (const [name, { does, query }] of Object.entries<OperationRow>(CONTRACT)) {
    const [method = '', path = ''] = does.split(' ');
    const { parameters = [], summary } = paths[path]![method.toLowerCase()]!;
    const described = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
    assert.deepEqual(described, Object.keys(query?.properties ?? {}), name);
    const promised = /\(query: ([^)]*)\)$/.exec(summary)?.[1]?.split(', ') ?? [];
    assert.deepEqual(described, promised, name);
  }
});

test('every reference leads somewhere', () => {
  const text = JSON.stringify(document);
  const { schemas } = document.components as { schemas: Record<string, unknown> };
  const names = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]*)"/g)].map(([, name]) => name!);
  assert.ok(names.length > 30);
  assert.deepEqual(
    names.filter((name) => schemas[name] === undefined),
    [],
  );
});
