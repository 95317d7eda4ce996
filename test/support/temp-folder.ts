import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { disposeAfter, type TestScope } from './dispose-after.ts';

/** A folder of its own, removed with all that is in it when it is disposed. */
export interface TempFolder extends AsyncDisposable {
  readonly path: string;
}

const living = new Set<string>();
process.once('exit', () => {
  for (const path of living) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
});

/** Makes a folder that lasts as long as the test, or until it is disposed where no test is given. */
export async function tempFolder(scope?: TestScope): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), 'steward-test-'));
  living.add(path);
  return disposeAfter(scope, {
    path,
    [Symbol.asyncDispose]: async () => {
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
      living.delete(path);
    },
  });
}
