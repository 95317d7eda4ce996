import { constants } from 'node:os';

/** What the system says with numbers that Node.js has no name for, as where a quota is used up or a network disk went away. */
const UNNAMED: Readonly<Record<number, string>> = {
  [constants.errno.EDQUOT]: 'EDQUOT: the disk quota is used up',
  [constants.errno.ESTALE]: 'ESTALE: the file went away on its network disk',
  [constants.errno.ENOLCK]: 'ENOLCK: no locks available',
};

/** What the system said of a failed call, without the call and the path: `EACCES: permission denied`. */
export function systemFault(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown };
  if (typeof code !== 'string' || typeof syscall !== 'string') return text;
  const end = text.indexOf(`, ${syscall}`);
  return unnamed(error) ?? (end < 0 ? text : text.slice(0, end));
}

/** The code of a system error (`ENOENT`), or undefined for any other value. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return unnamed(error)?.split(':')[0] ?? (typeof code === 'string' ? code : undefined);
}

/** For `catch`: undefined in place of a system error of one of these codes; others are thrown. */
export function passOver(...codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (!codes.includes(errorCode(error) ?? '')) throw error;
  };
}

function unnamed(error: unknown): string | undefined {
  const errno = (error as { errno?: unknown } | null | undefined)?.errno;
  return typeof errno === 'number' ? UNNAMED[-errno] : undefined;
}
