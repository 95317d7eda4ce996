import type { OperationRow } from './operation.ts';
import * as s from './schema.ts';

const NodeFile = s.named(
  'NodeFile',
  s.object({ path: s.about(s.text, 'Below the data folder'), bytes: s.count, changedAt: s.time }),
  'A file that came from a node, or is kept of it',
);
/** A file that came from a node, or is kept of it. */
export type NodeFile = s.Value<typeof NodeFile>;

const NodeFilePage = s.named(
  'NodeFilePage',
  s.object({
    items: s.list(NodeFile),
    next: s.about(s.orNull(s.text), 'The cursor of the next page; null at the end'),
    total: s.about(s.count, 'Of all pages'),
    isCut: s.about(
      s.flag,
      'Whether the data folder holds more than was looked through, or a part that cannot be read',
    ),
  }),
  'Files of a node, by their paths',
);
/** Files of a node, by their paths. */
export type NodeFilePage = s.Value<typeof NodeFilePage>;

const NodeFilesQuery = s.object(
  {},
  {
    limit: s.about(s.integer, { description: 'At most this many', minimum: 1, maximum: 1000, default: 100 }),
    cursor: s.about(s.word, 'Goes on behind this, the "next" of the page before'),
  },
);
export type NodeFilesQuery = s.Value<typeof NodeFilesQuery>;

/** The most of a file that one answer has, bytes. */
export const MOST_FILE_BYTES = 4 * 1024 * 1024;

const FilePartQuery = s.object(
  {},
  {
    path: s.about(s.word, 'Its path below the data folder, as the list of files has it'),
    from: s.about(s.count, 'The first byte, 0 unless told'),
    bytes: s.about(s.integer, {
      description: 'How many at most; less is given at the end of the file',
      minimum: 1,
      maximum: MOST_FILE_BYTES,
      default: MOST_FILE_BYTES,
    }),
  },
);

/** What can be asked of the files that came from nodes. */
export const FILE_OPERATIONS = {
  nodeFiles: {
    does: 'GET /v1/nodes/{id}/files',
    summary:
      'Files below the data folder here that came from a node, by its name: those in folders of its name',
    query: NodeFilesQuery,
    answer: NodeFilePage,
  },
  nodeFile: {
    does: 'GET /v1/nodes/{id}/files/content',
    summary: 'A part of such a file, as bytes: 4 MiB at most',
    query: FilePartQuery,
    answer: 'bytes',
  },
} as const satisfies Readonly<Record<string, OperationRow>>;
