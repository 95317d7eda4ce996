import { isUtf8 } from 'node:buffer';

const WORD = '{{STEWARD_DATA}}';
const FILE_WORD = '{{STEWARD_DATA_FILE}}';
// An argument or variable of a program ends at 128 KiB on Linux.
const MAX_TEXT_BYTES = 100 * 1024;

/** A command's arguments with a message's data brought into them, and the variables that they refer to. */
export interface FilledCommand {
  readonly args: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
}

/** Data that can't become an argument. */
export class CommandDataError extends Error {
  override name = 'CommandDataError';
  readonly code = 'no-argument';
}

/**
 * Brings the data of a message into the arguments of a command.
 *
 * - `{{STEWARD_DATA_FILE}}` becomes the path of a file with the data; also in the variable STEWARD_DATA_FILE.
 * - `{{STEWARD_DATA}}` as a whole argument becomes the data itself.
 * - `{{STEWARD_DATA}}` within an argument becomes `$STEWARD_DATA`, for a shell to expand (so within single quotes
 *   it stays as it is): data never becomes part of a script. Data that no variable can hold (more than 100 KiB,
 *   a NUL byte, not UTF-8) is read by the shell, from the file: `$(cat "$STEWARD_DATA_FILE")`. A shell drops NUL
 *   bytes and the newlines at the end there; programs that want each byte take the file.
 *
 * @throws CommandDataError when a whole argument should become data that no argument can hold.
 */
export function fillCommand(
  args: readonly string[],
  data: readonly Uint8Array[],
  files: { writeData(data: Uint8Array): string },
): FilledCommand {
  const line = args.join(' ');
  const [usesText, usesFile] = [line.includes(WORD), line.includes(FILE_WORD)];
  if (!usesText && !usesFile) return { args, variables: {} };
  const bytes = Buffer.concat(data);
  const isText = bytes.length <= MAX_TEXT_BYTES && !bytes.includes(0) && isUtf8(bytes);
  const text = isText ? bytes.toString() : undefined;
  const path = usesFile || text === undefined ? files.writeData(bytes) : undefined;
  const inScript = text === undefined ? '$(cat "$STEWARD_DATA_FILE")' : '$STEWARD_DATA';
  return {
    args: args.map((arg) => {
      if (arg === WORD) return text ?? refuse(bytes.length);
      return arg.replaceAll(WORD, () => inScript).replaceAll(FILE_WORD, () => path ?? '');
    }),
    variables: {
      ...(text !== undefined && { STEWARD_DATA: text }),
      ...(path !== undefined && { STEWARD_DATA_FILE: path }),
    },
  };
}

function refuse(bytes: number): never {
  throw new CommandDataError(
    `the data (${bytes} bytes) can't be an argument, which is UTF-8 text of at most 100 KiB without NUL; use ${FILE_WORD}`,
  );
}
