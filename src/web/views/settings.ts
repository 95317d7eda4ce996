import { type ComponentChild, Fragment, h } from 'preact';
import { useState } from 'preact/hooks';
import type { DoctorFinding } from '../../contract/doctor.ts';
import type { ProcessSummary } from '../../contract/nodes.ts';
import type { ConsoleSession } from '../../contract/sessions.ts';
import { browserWords } from '../state/browser-words.ts';
import type { Question, ScreenData } from '../state/state.ts';
import { TEXTS } from '../texts.ts';
import { CopyLine, Section, Table, type Tasks, Time } from './parts.ts';
import { Passkeys } from './passkeys.ts';

interface SettingsProps {
  readonly data: Extract<ScreenData, { screen: 'settings' }>;
  readonly now: number;
  readonly mayAct: boolean;
  readonly tasks: Tasks;
  ask(question: Question): void;
  onCopied(): void;
}

/** The node that serves the page: who is signed in there, its link to the broker, and its processes. */
export function Settings({ data, now, mayAct, tasks, ask, onCopied }: SettingsProps): ComponentChild {
  const { node, centralNode, version, startedAt, broker } = data.status;
  const fact = (title: string, value: ComponentChild) =>
    h('div', null, [h('dt', null, title), h('dd', null, value)]);
  return h(Fragment, null, [
    h(Section, { title: TEXTS.sessions }, [h(Sessions, { sessions: data.sessions, now, mayAct, ask })]),
    h(Section, { title: TEXTS.passkeys }, [
      h(Passkeys, { passkeys: data.passkeys, now, mayAct, tasks, ask }),
    ]),
    h(Section, { title: TEXTS.ownNode }, [
      h('dl', null, [
        fact(TEXTS.ownFacts.node, node),
        fact(TEXTS.ownFacts.centralNode, centralNode),
        fact(TEXTS.facts.version, version),
        fact(TEXTS.facts.startedAt, h(Time, { at: startedAt, now })),
        fact(TEXTS.ownFacts.broker, `${broker.address}${broker.isConnected ? `, ${TEXTS.connected}` : ''}`),
        broker.fault !== null && fact(TEXTS.ownFacts.fault, broker.fault),
      ]),
    ]),
    h(Doctor, { tasks, onCopied }),
    h(Section, { title: TEXTS.processes }, [
      h(Table<ProcessSummary>, {
        ...{ label: TEXTS.processes, rows: data.processes, empty: TEXTS.processesNone },
        keyOf: ({ id }) => String(id),
        columns: [
          { title: TEXTS.processColumns.name, cell: ({ name }) => name },
          { title: TEXTS.processColumns.kind, cell: ({ kind }) => kind },
          { title: TEXTS.columns.state, cell: ({ state }) => state },
          { title: TEXTS.processColumns.restarts, isRight: true, cell: ({ restarts }) => restarts },
        ],
      }),
    ]),
  ]);
}

function Sessions({
  sessions,
  now,
  mayAct,
  ask,
}: Pick<SettingsProps, 'now' | 'mayAct' | 'ask'> & {
  readonly sessions: readonly ConsoleSession[];
}): ComponentChild {
  const { sessionColumns: titles } = TEXTS;
  const end = (session: ConsoleSession) =>
    h('button', { type: 'button', onClick: () => ask({ does: 'end-session', session }) }, TEXTS.endSession);
  return h(Table<ConsoleSession>, {
    ...{ label: TEXTS.sessions, rows: sessions, empty: TEXTS.sessionsNone },
    keyOf: ({ id }) => id,
    columns: [
      {
        title: titles.browser,
        cell: ({ user, passkey, browser, id }) =>
          [user ?? passkey, browserWords(browser) || id].filter(Boolean).join(', '),
      },
      { title: titles.role, cell: ({ role }) => TEXTS.sessionRoles[role] },
      { title: titles.started, cell: ({ startedAt: at }) => h(Time, { at, now }) },
      { title: titles.seen, cell: ({ lastSeenAt: at }) => h(Time, { at, now }) },
      ...(mayAct ? [{ title: TEXTS.endSession, cell: end }] : []),
    ],
  });
}

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
function Doctor({ tasks, onCopied }: DoctorProps): ComponentChild {
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
