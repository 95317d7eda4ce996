import { accessSync, constants } from 'node:fs';
import { ownProgram } from '../../lib/own-program.ts';

const SHELL = '/bin/sh';

/**
 * Starts the program in its arguments, hands the signals on that end or wake a node, and ends as the program does. A shell
 * that waits collects every child of its own, orphans too that the kernel gave it because it is process 1.
 */
const WAIT_FOR_ALL = `
child=
for name in TERM INT HUP QUIT USR1 USR2; do trap "kill -$name \\$child 2>/dev/null" $name; done
"$@" <&0 &
child=$!
code=0
while kill -0 $child 2>/dev/null; do wait $child; code=$?; done
exit $code
`;

/**
 * A node that is process 1, as in a container without an init, inherits the orphans of its commands, which an engine never
 * collects: they stay as zombies. So a shell takes its place, and the node runs as the shell's child. Returns where that is
 * not needed, or not possible.
 */
export function leaveOrphansToShell(env: NodeJS.ProcessEnv, firstWord: string | undefined): void {
  const startsNode = firstWord === 'run' || firstWord === 'up' || firstWord?.startsWith('-') === true;
  if (process.pid !== 1 || !startsNode || process.execve === undefined || !hasShell()) return;
  const { command, args } = ownProgram();
  const words = [command, ...args, ...process.argv.slice(2)];
  process.execve(SHELL, ['sh', '-c', WAIT_FOR_ALL, 'sh', ...words], { ...env });
}

function hasShell(): boolean {
  try {
    accessSync(SHELL, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
