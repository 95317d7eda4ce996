import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROUTES } from '../contract/routes.ts';
import { describeApi } from './openapi.ts';

type Described = Record<
  string,
  Record<string, { operationId: string; parameters?: { name: string; in: string }[] }>
>;

const document = describeApi({ version: '1.2.3' });
const paths = document.paths as Described;

test('every route is described under its path and method, and nothing else', () => {
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, { operationId }]) => `${operationId} ${method.toUpperCase()} ${path}`,
    ),
  );
  const served = Object.entries(ROUTES).map(([name, { method, path }]) => `${name} ${method} ${path}`);
  assert.deepEqual(described.sort(), served.sort());
});

test('every query value that a summary promises is described, and no other', () => {
  for (const [name, { method, path, summary }] of Object.entries(ROUTES)) {
    const promised = /\(query: ([^)]*)\)/.exec(summary)?.[1]?.replace(/ = .*/, '').split(', ') ?? [];
    const parameters = paths[path]![method.toLowerCase()]!.parameters ?? [];
    const described = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
    assert.deepEqual(described.sort(), promised.sort(), name);
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
