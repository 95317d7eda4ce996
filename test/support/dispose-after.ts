/** The part of a test's context that this folder needs: node:test's `t` has it, and so does `node:test` itself. */
export interface TestScope {
  after(work: () => Promise<void>): void;
}

const stacks = new WeakMap<TestScope, AsyncDisposableStack>();

/**
 * Disposes a resource when the test ends, the latest first: a test's own hooks run in the order in which they
 * were added, which would remove a folder under a node that still writes into it.
 */
export function disposeAfter<T extends AsyncDisposable>(scope: TestScope | undefined, resource: T): T {
  if (scope === undefined) return resource;
  let stack = stacks.get(scope);
  if (stack === undefined) {
    const created = new AsyncDisposableStack();
    stacks.set(scope, created);
    scope.after(() => created.disposeAsync());
    stack = created;
  }
  stack.use(resource);
  return resource;
}
