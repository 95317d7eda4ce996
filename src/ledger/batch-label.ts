const MAX_LABEL = 120;

/** The parts of a message that a label shows. */
interface Labelled {
  readonly method: string;
  readonly methodArgs: readonly string[] | null;
  readonly directory: string;
  readonly fileName: string;
}

const SHELL = /^(?:\/(?:usr\/)?bin\/)?(?:ba|z|da|k)?sh$/;

/** What messages ask for, in a line: `REQCliCommand uptime`, or `3 methods, first REQPing`. */
export function batchLabel(messages: readonly Labelled[]): string {
  const [first] = messages;
  if (first === undefined) return '';
  const methods = new Set(messages.map(({ method }) => method));
  const asked = `${first.method} ${subjectOf(first)}`;
  return oneLine(methods.size === 1 ? asked : `${methods.size} methods, first ${asked}`);
}

/** A text as one line of so many characters at most, without control characters. */
export function oneLine(text: string, maxLength = MAX_LABEL): string {
  const line = text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  const characters = [...line];
  return characters.length <= maxLength ? line : `${characters.slice(0, maxLength - 1).join('')}…`;
}

/** What a command runs, or the file that it is about. */
function subjectOf({ methodArgs, directory, fileName }: Labelled): string {
  const args = methodArgs ?? [];
  if (SHELL.test(args[0] ?? '') && args[1] === '-c' && args[2] !== undefined)
    return args.slice(2).join(' ').slice(0, 1000);
  if (args.length > 0) return args.join(' ').slice(0, 1000);
  return fileName === '' ? '' : [directory, fileName].filter((part) => part !== '').join('/');
}
