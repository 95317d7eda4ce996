import { type ComponentChild, Fragment, h } from 'preact';
import { useState } from 'preact/hooks';
import type { DoctorFinding } from '../../contract/doctor.ts';
import { TEXTS } from '../texts.ts';
import { CopyLine, Section, Table } from './parts.ts';
import type { Tasks } from './tasks.ts';

interface DoctorProps {
  readonly tasks: Pick<Tasks, 'examine'>;
  onCopied(): void;
}

/** How bad a finding is: as a mark, a class of its colour, and its place in the list. */
const VERDICTS = {
  fail: { mark: '✗', class: 'failed', order: 0 },
  warn: { mark: '!', class: 'waiting', order: 1 },
  ok: { mark: '✓', class: 'succeeded', order: 2 },
} as const;

/** What is wrong around the node that serves the page, when somebody asks: it takes a few seconds. */
export function Doctor({ tasks, onCopied }: DoctorProps): ComponentChild {
  const [found, setFound] = useState<readonly DoctorFinding[] | string>([]);
  const [isLooking, setLooking] = useState(false);
  const look = () => {
    setLooking(true);
    tasks
      .examine()
      .then(setFound, (error: Error) => setFound(error.message))
      .finally(() => setLooking(false));
  };
  return h(Section, { title: TEXTS.doctor }, [
    h('p', { class: 'empty', role: 'status' }, isLooking ? TEXTS.doctorLooks : TEXTS.doctorHow),
    h('button', { type: 'button', onClick: look, disabled: isLooking }, TEXTS.doctorLook),
    typeof found === 'string' && h('p', { role: 'alert', class: 'fault' }, found),
    typeof found !== 'string' && found.length > 0 && h(Findings, { found }),
    h(CopyLine, { label: TEXTS.command, text: 'steward doctor', onCopied }),
  ]);
}

function Findings({ found }: { found: readonly DoctorFinding[] }): ComponentChild {
  const { doctorColumns: titles, doctorVerdicts: words } = TEXTS;
  const rows = found
    .map((finding, place) => ({ ...finding, place }))
    .sort((a, b) => VERDICTS[a.verdict].order - VERDICTS[b.verdict].order);
  return h(Table<(typeof rows)[number]>, {
    ...{ label: TEXTS.doctor, rows, empty: TEXTS.doctorHow },
    keyOf: ({ place }) => String(place),
    columns: [
      {
        title: TEXTS.columns.state,
        cell: ({ verdict }) =>
          h('span', { class: `state ${VERDICTS[verdict].class}` }, [
            h('span', { 'aria-hidden': true }, `${VERDICTS[verdict].mark} `),
            words[verdict],
          ]),
      },
      { title: titles.check, cell: ({ check }) => check },
      {
        title: titles.text,
        cell: ({ text, advice }) => h(Fragment, null, [text, advice !== undefined && h('p', null, advice)]),
      },
    ],
  });
}
