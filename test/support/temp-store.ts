import { openStore } from '../../src/store/open-store.ts';
import type { Statement, Store } from '../../src/store/store.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { disposeAfter, type TestScope } from './dispose-after.ts';
import { tempFolder } from './temp-folder.ts';

/** Opens a real database in a folder of its own; both last as long as the test. */
export async function tempStore(scope: TestScope): Promise<Store> {
  const { path } = await tempFolder(scope);
  return disposeAfter(scope, await openStore({ folder: path }));
}

/** The same store, whose writes fail while `fails` says so: as on a full disk. */
export function failingStore(store: Store, fails: (statements: readonly Statement[]) => boolean): Store {
  const write = (statements: readonly Statement[]) =>
    fails(statements) ? Promise.reject(new StoreError('full', 'the disk is full')) : store.write(statements);
  return {
    path: store.path,
    failed: store.failed,
    write,
    all: store.all.bind(store),
    get: store.get.bind(store),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  } as unknown as Store;
}
