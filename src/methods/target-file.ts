import { type RelativePath, relativePath } from '../lib/relative-path.ts';
import type { Message } from '../message/message.ts';

/** What stands in for the parts of a path that a message leaves empty, and whose folder it is. */
export interface TargetOptions {
  readonly directory?: string;
  readonly fileName?: string;
  /** The node whose folder it is; else the node that ran the request. */
  readonly node?: string;
}

/**
 * Where a message's content is kept, relative to the data folder: `<directory>/<node>/<fileName>`.
 *
 * The node is the one that ran the request: the previous message's toNode, or the message's own. An absolute
 * directory is taken relative to the data folder; nothing leaves it. Without a fileName the file is named after
 * the method that was asked for (`REQCliCommand.log`): the reference fails there and loses the content.
 */
export function targetFile(message: Message, options: TargetOptions = {}): RelativePath {
  const node = options.node ?? message.previousMessage?.toNode ?? message.toNode;
  const fileName =
    message.fileName || (options.fileName ?? `${message.previousMessage?.method ?? message.method}.log`);
  const fault = nodeFault(node) ?? fileNameFault(fileName);
  if (fault !== undefined) return { fault };
  return relativePath([
    ['directory', message.directory || (options.directory ?? '')],
    ['node name', node],
    ['fileName', fileName],
  ]);
}

/** Why a message's file can't be written anywhere, or undefined. */
export function targetFault(message: Message, options?: TargetOptions): string | undefined {
  const target = targetFile(message, options);
  return 'fault' in target ? target.fault : undefined;
}

function nodeFault(node: string): string | undefined {
  if (node === '') return 'the node that the file belongs to has no name';
  return node === '.' || node.includes('/')
    ? `node name ${JSON.stringify(node)} is no name for a folder`
    : undefined;
}

function fileNameFault(fileName: string): string | undefined {
  const last = fileName.slice(fileName.lastIndexOf('/') + 1);
  return last === '' || last === '.' ? `fileName ${JSON.stringify(fileName)} names no file` : undefined;
}
