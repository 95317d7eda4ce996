import { appendFileSync } from 'node:fs';
import { processorSeconds } from './processor-seconds.ts';

// Loaded with --import into a process that runs test files.

/** What takes as long as this hangs: it is ended, with the nodes that it started. On a busy machine the longest file takes five minutes. */
const HANGS_AFTER_MS = 8 * 60_000;

const file = process.env.STEWARD_TEST_USAGE;
if (file !== undefined) {
  // What it and all that it started have used.
  process.on('exit', () => appendFileSync(file, `${process.argv[1]}\t${processorSeconds()}\n`));
  setTimeout(() => {
    console.error(`${process.argv[1]} is ended: it has run for ${HANGS_AFTER_MS / 60_000} minutes`);
    process.exit(1);
  }, HANGS_AFTER_MS).unref();
}
