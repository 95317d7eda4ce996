import type { Message } from '../../message/message.ts';
import { directoryFault, fileNameFault } from '../../message/paths.ts';

const MAX_NODE_BYTES = 255;

/** What stands in for the parts of a path that a message leaves empty, and whose folder it is. */
export interface TargetOptions {
  readonly directory?: string;
  readonly fileName?: string;
  /** The node whose folder it is; else the node that ran the request. */
  readonly node?: string;
}

/** A path relative to the data folder, or why there is none. */
export type TargetFile = { readonly path: string } | { readonly fault: string };

/**
 * Where a message's content is kept, relative to the data folder: `<directory>/<node>/<fileName>`.
 *
 * The node is the one that ran the request: the previous message's toNode, or the message's own. An absolute
 * directory is taken relative to the data folder; nothing leaves it. Without a fileName the file is named after
 * the method that was asked for (`REQCliCommand.log`): the reference fails there and loses the content.
 */
export function targetFile(message: Message, options: TargetOptions = {}): TargetFile {
  const { previousMessage } = message;
  const node = options.node ?? previousMessage?.toNode ?? message.toNode;
  const directory = message.directory || (options.directory ?? '');
  const fileName =
    message.fileName || (options.fileName ?? `${previousMessage?.method || message.method}.log`);
  if (last.node !== node || last.directory !== directory || last.fileName !== fileName)
    last = { node, directory, fileName, target: targetOf(node, directory, fileName) };
  return last.target;
}

/** The last place that was asked for: many messages have the same, and each asks twice. */
let last = { node: '', directory: '', fileName: '', target: targetOf('', '', '') };

function targetOf(node: string, directory: string, fileName: string): TargetFile {
  const fault = nodeFault(node) ?? directoryFault(directory) ?? fileNameFault(fileName);
  if (fault !== undefined) return { fault };
  const folders = directory.split('/').filter((name) => name !== '' && name !== '.');
  return { path: [...folders, node, fileName].join('/') };
}

/** Why a message's file can't be written anywhere, or undefined. */
export function targetFault(message: Message, options?: TargetOptions): string | undefined {
  const target = targetFile(message, options);
  return 'fault' in target ? target.fault : undefined;
}

/** Other programs may allow more in a name than this one does; a folder is all that it must make here. */
function nodeFault(node: string): string | undefined {
  if (node === '') return 'the node that the file belongs to has no name';
  const isFolderName = node !== '.' && node !== '..' && !/[/\p{Cc}]/u.test(node);
  if (isFolderName && Buffer.byteLength(node) <= MAX_NODE_BYTES) return undefined;
  return `the node name ${JSON.stringify(node.slice(0, 80))} is no name for a folder`;
}
