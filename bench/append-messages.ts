import { readFile } from 'node:fs/promises';

/** Bytes of each line, its newline among them. */
export const LINE_BYTES = 100;

/** Where the lines go, below the data folder of ship1. */
export const APPEND_FILE = 'bench/ship1/append.log';

/** The line with this number, padded to its size. */
export function line(number: number): string {
  return `${`line ${number} `.padEnd(LINE_BYTES - 1, 'x')}\n`;
}

/** A submission that appends the lines `first` to `first + count - 1` on a node. */
export function appendSubmission({ first, count, toNode = 'ship1' }: AppendRange): string {
  const messages = Array.from({ length: count }, (_, index) => ({
    toNode,
    method: 'REQToFileAppend',
    data: [line(first + index)],
    directory: 'bench',
    fileName: 'append.log',
  }));
  return JSON.stringify(messages);
}

interface AppendRange {
  readonly first: number;
  readonly count: number;
  readonly toNode?: string;
}

/** Fails where a file does not hold exactly the lines 0 to `count - 1`, in their order. */
export async function expectLinesInOrder(path: string, count: number): Promise<void> {
  const lines = (await readFile(path, 'utf8')).split('\n');
  lines.pop();
  const wrong = lines.findIndex((text, number) => !text.startsWith(`line ${number} `));
  if (wrong !== -1) throw new Error(`${path}: place ${wrong} holds "${lines[wrong]!.slice(0, 12)}"`);
  if (lines.length !== count) throw new Error(`${path} has ${lines.length} lines instead of ${count}`);
}
