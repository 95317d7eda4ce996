import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'oxc-parser';
import { importCircles } from '../../test/support/import-circles.ts';
import { importGraph, type SourceFile } from '../../test/support/layer-rules.ts';

/** What the source looks like; lists hold names, to be looked up. */
export interface SourceFigures {
  readonly lines: number;
  readonly files: number;
  /** Lines below node/. */
  readonly nodeLines: number;
  readonly forwarders: readonly string[];
  /** Interfaces and object types with equal members under different names. */
  readonly twins: readonly string[];
  readonly circles: readonly string[];
}

/** Counts in the source of a checkout, tests left out. */
export function sourceFigures(checkout: string): SourceFigures {
  const files: SourceFile[] = globSync('**/*.ts', { cwd: join(checkout, 'src') })
    .filter((path) => !path.endsWith('.test.ts'))
    .map((path) => ({ path, text: readFileSync(join(checkout, 'src', path), 'utf8') }));
  const parsed = files.map((file) => ({
    file,
    tree: parseSync(file.path, file.text).program as unknown as Node,
  }));
  return {
    lines: files.reduce((sum, { text }) => sum + linesOf(text), 0),
    files: files.length,
    nodeLines: files
      .filter(({ path }) => path.startsWith('node/'))
      .reduce((sum, { text }) => sum + linesOf(text), 0),
    forwarders: parsed.flatMap(({ file, tree }) => forwardersIn(tree, file)),
    twins: twinsIn(parsed),
    circles: importCircles(importGraph(files)).map((circle) => circle.join(', ')),
  };
}

function linesOf(text: string): number {
  return text.split('\n').length - 1;
}

/** A node of the syntax tree (ESTree), of which only some fields are read. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

const FUNCTIONS = new Set(['ArrowFunctionExpression', 'FunctionExpression', 'FunctionDeclaration']);
/** What is written there has a name and does not stand for a moment's work, as a callback does. */
const NAMED_PLACES = new Set(['Property', 'MethodDefinition', 'Program', 'ExportNamedDeclaration']);

/** Functions whose body is one call with just their own parameters; without any only where they have a name. */
function forwardersIn(tree: Node, { path, text }: SourceFile): string[] {
  const found: string[] = [];
  walk(tree, (node, parent) => {
    if (!FUNCTIONS.has(node.type) || !isForwarder(node, parent)) return;
    found.push(`${path}:${text.slice(0, node.start).split('\n').length}`);
  });
  return found;
}

function isForwarder(node: Node, parent: Node | undefined): boolean {
  const call = onlyCallOf(node.body as Node | null);
  if (call === undefined) return false;
  const own = (node.params as Node[]).map(nameOfParameter);
  const given = (call.arguments as Node[]).map(nameOfArgument);
  if (own.length === 0) return given.length === 0 && NAMED_PLACES.has(parent?.type ?? '');
  return (
    own.every((name, index) => name !== undefined && name === given[index]) && own.length === given.length
  );
}

/** The call that is all of a function's body: as its value, its only statement or what it returns, awaited or not. */
function onlyCallOf(body: Node | null): Node | undefined {
  let node: Node | undefined = body ?? undefined;
  if (node?.type === 'BlockStatement') {
    const [only, ...others] = node.body as Node[];
    node = others.length > 0 ? undefined : ((only?.argument ?? only?.expression) as Node | undefined);
  }
  const isWrapped = (one: Node) =>
    one.type === 'AwaitExpression' || (one.type === 'UnaryExpression' && one.operator === 'void');
  while (node && isWrapped(node)) node = node.argument as Node;
  if (node?.type === 'ChainExpression') node = node.expression as Node;
  return node?.type === 'CallExpression' ? node : undefined;
}

function nameOfParameter(parameter: Node): string | undefined {
  const inner = (parameter.type === 'RestElement' ? parameter.argument : parameter) as Node;
  return inner.type === 'Identifier' ? String(inner.name) : undefined;
}

function nameOfArgument(argument: Node): string | undefined {
  const inner = (argument.type === 'SpreadElement' ? argument.argument : argument) as Node;
  return inner.type === 'Identifier' ? String(inner.name) : undefined;
}

function twinsIn(parsed: readonly { file: SourceFile; tree: Node }[]): string[] {
  const byMembers = new Map<string, { name: string; place: string }[]>();
  for (const { file, tree } of parsed) {
    walk(tree, (node) => {
      const members = membersOf(node, file.text);
      if (members === undefined) return;
      const name = String((node.id as Node).name);
      const others = byMembers.get(members) ?? [];
      byMembers.set(members, [...others, { name, place: `${file.path} ${name}` }]);
    });
  }
  return [...byMembers.values()]
    .filter((types) => new Set(types.map(({ name }) => name)).size > 1)
    .map((types) => types.map(({ place }) => place).join(', '));
}

/** The members of an interface or object type, in an order of their own; undefined for all else and for empty ones. */
function membersOf(node: Node, text: string): string | undefined {
  const list = memberListOf(node);
  if (list === undefined || list.length === 0) return undefined;
  const plain = list.map((member) =>
    text
      .slice(member.start, member.end)
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .replace(/\breadonly\b/g, '')
      .replace(/[;,]\s*$/, '')
      .replace(/\s+/g, ' ')
      .trim(),
  );
  return plain.toSorted().join('; ');
}

function memberListOf(node: Node): Node[] | undefined {
  if (node.type === 'TSInterfaceDeclaration') {
    const inherits = ((node.extends as Node[] | undefined) ?? []).length > 0;
    return inherits ? undefined : ((node.body as Node).body as Node[]);
  }
  if (node.type !== 'TSTypeAliasDeclaration') return undefined;
  const type = node.typeAnnotation as Node;
  return type.type === 'TSTypeLiteral' ? (type.members as Node[]) : undefined;
}

function walk(value: unknown, visit: (node: Node, parent: Node | undefined) => void, parent?: Node): void {
  if (Array.isArray(value)) {
    for (const one of value) walk(one, visit, parent);
  } else if (isNode(value)) {
    visit(value, parent);
    for (const child of Object.values(value)) walk(child, visit, value);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
