import type { ErrorFilter, ErrorLine } from '../contract/nodes.ts';
import { linesBackwards } from '../lib/lines-backwards.ts';
import type { Message } from '../message/message.ts';

/** A line as nodes write it: `<date>, node: <name>, <text>`; what is set in belongs to the line above, whatever it says. */
const NODE_IN_LINE = /^(?:node: |\S.*?, node: )([^,\s]+), /;

/** The lines that a message to errorCentral brings. */
export function errorLinesOf(message: Pick<Message, 'fromNode' | 'data'>): ErrorLine[] {
  const text = Buffer.concat(message.data ?? []).toString();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => toErrorLine(line, message.fromNode));
}

/** A line with the node that it is from, as far as it tells. */
function toErrorLine(line: string, fromNode = ''): ErrorLine {
  return { node: NODE_IN_LINE.exec(line)?.[1] ?? fromNode, line };
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;

/**
 * The last lines of the file in which errors are collected, oldest first, of one node where one is named. What is set in is
 * of the node of the line above.
 */
export async function readErrorLines(path: string, { limit, node }: ErrorFilter): Promise<ErrorLine[]> {
  const wanted = Math.min(Math.max(1, limit ?? DEFAULT_LIMIT), MAX_LIMIT);
  const found: ErrorLine[] = [];
  let setIn: string[] = [];
  for await (const text of linesBackwards(path)) {
    if (/^\s/.test(text) && setIn.push(text) < MAX_LIMIT) continue;
    const line = toErrorLine(text);
    if (node === undefined || line.node === node)
      found.push(...setIn.map((further) => ({ node: line.node, line: further })), line);
    setIn = [];
    if (found.length >= wanted) break;
  }
  return found.slice(0, wanted).toReversed();
}
