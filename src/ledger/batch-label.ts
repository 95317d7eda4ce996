import { askedCommand } from '../message/asked-command.ts';

const MAX_LABEL = 120;
const MAX_WHAT = 200;

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

/** A text as one line of at most `maxLength` characters, without control characters. */
export function oneLine(text: string, maxLength = MAX_LABEL): string {
  const line = text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  const characters = [...line];
  return characters.length <= maxLength ? line : `${characters.slice(0, maxLength - 1).join('')}…`;
}

/** What one message asks for besides its method, in a line. */
export function whatText(message: Labelled): string {
  return oneLine(subjectOf(message), MAX_WHAT);
}

/** What a command runs, or the file that it is about. */
function subjectOf({ method, methodArgs, directory, fileName }: Labelled): string {
  const args = methodArgs ?? [];
  const own = askedCommand(args);
  if (own.length < args.length) return own.join(' ').slice(0, 1000);
  if (SHELL.test(args[0] ?? '') && args[1] === '-c' && args[2] !== undefined)
    return args.slice(2).join(' ').slice(0, 1000);
  if (args.length > 0) return args.join(' ').slice(0, 1000);
  // Of other methods, folder and file say where the reply goes.
  return fileName === '' || !method.startsWith('REQToFile')
    ? ''
    : [directory, fileName].filter((part) => part !== '').join('/');
}
