import { spawnSync } from 'node:child_process';
import { renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Compiles src into dist, from scratch. The old dist stays until the new one is complete, because this also runs
 * under `npx steward` (npm's `prepare`), perhaps beside a node that runs from dist.
 */
const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const fresh = join(root, 'node_modules', `.steward-build-${process.pid}`);
const compiler = join(
  dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
  'bin',
  'tsc',
);

const { status, error } = spawnSync(
  process.execPath,
  [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', fresh],
  { cwd: root, stdio: 'inherit' },
);
if (status === 0) {
  rmSync(dist, { recursive: true, force: true });
  renameSync(fresh, dist);
} else {
  rmSync(fresh, { recursive: true, force: true });
  process.exitCode = 1;
}
if (error !== undefined) throw error;
