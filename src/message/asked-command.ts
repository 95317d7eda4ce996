/**
 * The command of a REQCliCommand as somebody asked for it. Where `steward exec` has a shell script of its own prepare folder,
 * user or standard input, that script and its arguments stand before the command.
 */
export function askedCommand(methodArgs: readonly string[]): readonly string[] {
  const [, , script = ''] = methodArgs;
  if (script.startsWith(': steward exec;')) return methodArgs.slice(8);
  return script.startsWith('f=$1; shift; exec') ? methodArgs.slice(5) : methodArgs;
}
