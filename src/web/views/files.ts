import { type ComponentChild, Fragment, h } from 'preact';
import { useState } from 'preact/hooks';
import type { NodeFile, NodeFilePage } from '../../contract/files.ts';
import { joinWords } from '../../lib/shell-words.ts';
import { sizeWords } from '../../lib/size-words.ts';
import { hashOf } from '../state/route.ts';
import { TEXTS } from '../texts.ts';
import { download } from './download.ts';
import { CopyLine, Table, type Tasks, Time } from './parts.ts';

interface FilesProps {
  readonly node: string;
  readonly page: NodeFilePage;
  readonly now: number;
  readonly tasks: Pick<Tasks, 'readFile'>;
}

/** More than this a browser does not hold well, bytes. */
const MOST_BYTES = 256 * 1024 * 1024;

/** The files that came from a node into the data folder of this one. */
export function Files({ node, page: { items, next, total, isCut }, now, tasks }: FilesProps): ComponentChild {
  const [fault, setFault] = useState('');
  const save = (file: NodeFile) => {
    setFault('');
    tasks.readFile(node, file).then(
      (content) => download(file.path.split('/').at(-1)!, content),
      (error: Error) => setFault(error.message),
    );
  };
  const { fileColumns: titles } = TEXTS;
  return h(Fragment, null, [
    fault !== '' && h('p', { role: 'alert', class: 'fault' }, fault),
    isCut && h('p', null, TEXTS.filesCut),
    h(Table<NodeFile>, {
      ...{ label: TEXTS.files, rows: items, total, empty: TEXTS.filesNone, hasCsv: true },
      keyOf: ({ path }) => path,
      columns: [
        { title: titles.path, cell: ({ path }) => path },
        { title: titles.size, isRight: true, cell: ({ bytes }) => sizeWords(bytes) },
        { title: titles.changed, cell: ({ changedAt: at }) => h(Time, { at, now }) },
        { title: TEXTS.download, cell: (file) => h(Save, { file, save }) },
      ],
    }),
    next !== null &&
      h('nav', { class: 'pages', 'aria-label': TEXTS.files }, [
        h('a', { href: hashOf({ screen: 'files', node, cursor: next }) }, TEXTS.filesMore(total)),
      ]),
  ]);
}

function Save({ file, save }: { file: NodeFile; save(file: NodeFile): void }): ComponentChild {
  if (file.bytes > MOST_BYTES) return TEXTS.fileLarge;
  const label = { 'aria-label': `${TEXTS.download}: ${file.path}` };
  return h('button', { type: 'button', class: 'small', onClick: () => save(file), ...label }, TEXTS.download);
}

/** The command lines that follow a file on a node, and bring one from it or to it. */
export function FileLines({ node, onCopied }: { node: string; onCopied(): void }): ComponentChild {
  const [typed, setTyped] = useState('');
  const path = typed.trim() || TEXTS.fileHint;
  const name = path.split('/').findLast((part) => part !== '') ?? 'FILE';
  const type = (event: Event) => setTyped((event.currentTarget as HTMLInputElement).value);
  const line = (label: string, ...words: string[]) =>
    h(CopyLine, { label, text: joinWords(['steward', ...words]), onCopied });
  return h(Fragment, null, [
    h('label', { class: 'field' }, [
      TEXTS.fileThere,
      h('input', {
        value: typed,
        onInput: type,
        placeholder: TEXTS.fileHint,
        autocomplete: 'off',
        spellcheck: false,
      }),
    ]),
    line(TEXTS.fileTail, 'tail', node, path),
    line(TEXTS.fileFrom, 'cp', `${node}:${path}`, '.'),
    line(TEXTS.fileTo, 'cp', name, `${node}:${path}`),
  ]);
}
