import { after } from 'node:test';
import type { TestScope } from './dispose-after.ts';
import { StewardNode } from './node.ts';

/**
 * What all tests of a file use that do not disturb one another, such as a fleet: started when the first of them asks for it,
 * ended after the last. Its nodes that a test has ended are started again for the next one. To be called where the
 * file is loaded, not in a test.
 */
export function shared<T extends object>(start: (scope: TestScope) => Promise<T>): () => Promise<T> {
  const ends: (() => Promise<void>)[] = [];
  after(async () => {
    for (const end of ends) await end();
  });
  let started: Promise<T> | undefined;
  return async () => {
    started ??= start({ after: (work) => ends.push(work) });
    const made = await started;
    const nodes = nodesIn(made).filter((node) => node.program.exit !== undefined);
    await Promise.all(nodes.map((node) => node.start()));
    return made;
  };
}

/** The nodes in what was started, also in objects and lists of it. */
function nodesIn(value: unknown): StewardNode[] {
  if (value instanceof StewardNode) return [value];
  if (typeof value !== 'object' || value === null) return [];
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  return isPlain ? Object.values(value).flatMap(nodesIn) : [];
}
