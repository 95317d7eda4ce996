import type { ErrorLine } from '../contract/nodes.ts';
import type { Message } from '../message/message.ts';

/** A line as nodes write it: `<date>, node: <name>, <text>`. */
const NODE_IN_LINE = /, node: ([^,\s]+), /;

/** The lines that a message to errorCentral brings. */
export function errorLinesOf(message: Pick<Message, 'fromNode' | 'data'>): ErrorLine[] {
  const text = Buffer.concat(message.data ?? []).toString();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => toErrorLine(line, message.fromNode));
}

/** A line with the node that it is from, as far as it tells. */
export function toErrorLine(line: string, fromNode = ''): ErrorLine {
  return { node: NODE_IN_LINE.exec(line)?.[1] ?? fromNode, line };
}
