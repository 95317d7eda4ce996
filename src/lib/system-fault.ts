/** What the system said of a failed call, without the call and the path: `EACCES: permission denied`. */
export function systemFault(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown };
  if (typeof code !== 'string' || typeof syscall !== 'string') return text;
  const end = text.indexOf(`, ${syscall}`);
  return end < 0 ? text : text.slice(0, end);
}

/** The code of a system error (`ENOENT`), or undefined for any other value. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
