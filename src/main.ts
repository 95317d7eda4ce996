import { chooseCommand } from './cli/commands.ts';
import { describeFailure } from './cli/describe-failure.ts';

/** How long handles that were left open may keep the process alive after its work is done. */
const LINGER_MS = 1000;

process.on('uncaughtException', (error) => {
  process.stderr.write(`steward: unexpected error: ${describeFailure(error).text}\n`);
  process.exit(1);
});

// A reader that has gone (steward --help | head -1) is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  const { command, args } = chooseCommand(process.argv.slice(2));
  const run = await command.load();
  process.exitCode = await run({ args, env: process.env, stdout: process.stdout, stderr: process.stderr });
} catch (error) {
  const { text, exitCode } = describeFailure(error);
  process.stderr.write(`steward: ${text}\n`);
  process.exitCode = exitCode;
}
setTimeout(() => process.exit(), LINGER_MS).unref();
