import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Runs tests again on what else the program runs on: over its own broker instead of nats-server, and as the single file.
 * What cannot be made here fails; `npm run build` and scripts/install-test-tools.ts come first.
 */
const ROOT = join(import.meta.dirname, '..');
const SINGLE_FILE = join(ROOT, 'build/test-bin/steward-linux-x64');

/** What is run over the embedded broker; `npm run test:embedded` runs all integration tests over it. */
const OVER_EMBEDDED = ['delivery', 'crash-appends', 'wire-permissions', 'big-output', 'isolation'];
/** What is run over the single file; all of them pass but those of the spawner, which this program has none of. */
const OVER_SINGLE_FILE = [
  ...['big-output', 'cancel', 'crash-appends', 'crash-commands', 'delivery', 'doctor', 'listeners'],
  ...['method-cli-command-cont', 'one-name', 'web-command'],
];
/** A test of a module, which is none of the program. */
const NOT_OF_THE_PROGRAM = 'stop-signals.test.ts';

const endToEnd = readdirSync(join(ROOT, 'test/e2e')).filter(
  (name) => name.endsWith('.test.ts') && name !== NOT_OF_THE_PROGRAM,
);
const PARTS = [
  {
    name: 'over the embedded broker',
    flags: ['--built'],
    files: OVER_EMBEDDED.map(integration),
    env: { STEWARD_TEST_BROKER: 'embedded' },
  },
  { name: 'the single file', flags: ['--built'], files: ['test/runtimes/single-file.test.ts'], env: {} },
  {
    name: 'over the single file',
    flags: [],
    files: [...endToEnd.map((name) => `test/e2e/${name}`), ...OVER_SINGLE_FILE.map(integration)],
    env: { STEWARD_TEST_PROGRAM: SINGLE_FILE },
  },
];

for (const { name, flags, files, env } of PARTS) {
  console.log(`\n--- ${name}`);
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts/run-tests.ts'), ...flags, ...files], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (status !== 0) {
    console.error(`--- ${name}: it failed`);
    process.exitCode = 1;
  }
}

function integration(name: string): string {
  return `test/integration/${name}.test.ts`;
}
