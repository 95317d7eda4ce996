import { userInfo } from 'node:os';

/**
 * The user of this machine to whom sockets of mode 0600 are open, besides root: the one that this process runs as. Which of the
 * two it is that connects the system does not tell here.
 */
export function localUser(): string {
  user ??= ownUser();
  return user;
}

/** It is the same as long as the process lives, and the system reads a file to tell it. */
let user: string | undefined;

function ownUser(): string {
  try {
    return `local ${userInfo().username}`;
  } catch {
    // A user that has no entry in the machine's list, as in a container.
    return `local uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
