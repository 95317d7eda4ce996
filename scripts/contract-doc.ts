import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { queryWords } from '../src/api/openapi.ts';
import { CONTRACT } from '../src/contract/contract.ts';
import { type OperationRow, routeOf } from '../src/contract/operation.ts';

/**
 * Writes what follows from the contract: the routes that clients load instead of it, and the table of routes in doc/api.md.
 * The formatter then gives both their shape.
 */

const PROJECT = join(import.meta.dirname, '..');
const BEGIN = '<!-- routes: written by scripts/contract-doc.ts -->';
const END = '<!-- end of routes -->';

/** The text of src/contract/routes.ts. */
export function routesModule(): string {
  const rows = Object.entries<OperationRow>(CONTRACT).map(
    ([name, row]) => `  ${name}: ${JSON.stringify(routeOf(row))},`,
  );
  return `import type { OperationName } from './contract.ts';
import type { Route } from './operation.ts';

/** Each operation as clients need it, without its schemas. Written by scripts/contract-doc.ts from the contract. */
export const ROUTES: Readonly<Record<OperationName, Route>> = {
${rows.join('\n')}
};
`;
}

/** The page of the API with its table of routes as it should be. */
export function withRouteTable(page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`doc/api.md lacks the lines ${BEGIN} and ${END}`);
  const rows = Object.values<OperationRow>(CONTRACT).map(
    ({ does, summary, query }) => `| \`${does}\` | ${summary}${queryWords(query)} |`,
  );
  const table = ['| route | what it is for |', '| --- | --- |', ...rows].join('\n');
  return `${page.slice(0, begin)}${BEGIN}\n\n${table}\n\n${page.slice(end)}`;
}

if (import.meta.main) {
  writeFileSync(join(PROJECT, 'src/contract/routes.ts'), routesModule());
  const page = join(PROJECT, 'doc/api.md');
  writeFileSync(page, withRouteTable(readFileSync(page, 'utf8')));
}
