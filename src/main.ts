import { keepCompiledCode } from './cli/program/keep-compiled-code.ts';

// Before anything else is loaded, so that it counts for all.
keepCompiledCode(process.env);
if (process.pid === 1) {
  const { leaveOrphansToShell } = await import('./cli/program/reap-orphans.ts');
  leaveOrphansToShell(process.env, process.argv[2]);
}
const [{ describeFailure }, { dispatch }] = await Promise.all([
  import('./cli/line/describe-failure.ts'),
  import('./cli/line/dispatch.ts'),
]);

/** How long handles that were left open may keep the process alive after its work is done. */
const LINGER_MS = 1000;

process.on('uncaughtException', (error) => {
  process.stderr.write(`steward: unexpected error: ${describeFailure(error).text}\n`);
  process.exit(1);
});

// A reader that has gone (steward --help | head -1) is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  process.stderr.write(`steward: standard output cannot be written to: ${describeFailure(error).text}\n`);
  process.exit(1);
});

try {
  const { env, stdin, stdout, stderr } = process;
  process.exitCode = await dispatch({ args: process.argv.slice(2), env, stdin, stdout, stderr });
} catch (error) {
  const { text, exitCode } = describeFailure(error);
  process.stderr.write(`steward: ${text}\n`);
  process.exitCode = exitCode;
}
setTimeout(() => process.exit(), LINGER_MS).unref();
