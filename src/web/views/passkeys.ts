import { type ComponentChild, Fragment, h } from 'preact';
import type { Passkey, Role } from '../../contract/sessions.ts';
import type { Question } from '../state/state.ts';
import { TEXTS } from '../texts.ts';
import { Table, type Tasks, Time } from './parts.ts';

interface PasskeysProps {
  readonly passkeys: readonly Passkey[];
  readonly now: number;
  readonly mayAct: boolean;
  readonly tasks: Pick<Tasks, 'makePasskey'>;
  ask(question: Question): void;
}

/** Passkeys that sign in here, and a form that makes one. */
export function Passkeys({ passkeys, now, mayAct, tasks, ask }: PasskeysProps): ComponentChild {
  const { passkeyColumns: titles } = TEXTS;
  const button = (does: 'rename-passkey' | 'remove-passkey', passkey: Passkey) =>
    h(
      'button',
      {
        ...{ type: 'button', 'aria-label': `${TEXTS.passkeyDoes[does]}: ${passkey.name}` },
        onClick: () => ask({ does, passkey }),
      },
      TEXTS.passkeyDoes[does],
    );
  return h(Fragment, null, [
    h(Table<Passkey>, {
      ...{ label: TEXTS.passkeys, rows: passkeys, empty: TEXTS.passkeysNone },
      keyOf: ({ id }) => id,
      columns: [
        { title: titles.name, cell: ({ name }) => name },
        { title: TEXTS.sessionColumns.role, cell: ({ role }) => TEXTS.sessionRoles[role] },
        { title: titles.site, cell: ({ site }) => site },
        { title: titles.made, cell: ({ createdAt: at }) => h(Time, { at, now }) },
        { title: titles.used, cell: ({ lastUsedAt: at }) => h(Time, { at, now }) },
        ...(mayAct
          ? [
              {
                title: TEXTS.passkeyChange,
                cell: (passkey: Passkey) => [
                  button('rename-passkey', passkey),
                  ' ',
                  button('remove-passkey', passkey),
                ],
              },
            ]
          : []),
      ],
    }),
    mayAct && (canUsePasskeys() ? h(MakePasskey, tasks) : h('p', null, TEXTS.passkeysCannot)),
  ]);
}

/** Browsers have passkeys on encrypted pages and on localhost alone. */
export function canUsePasskeys(): boolean {
  return 'PublicKeyCredential' in globalThis;
}

function MakePasskey({ makePasskey }: Pick<Tasks, 'makePasskey'>): ComponentChild {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    makePasskey(String(form.get('name')).trim(), form.get('role') as Role);
  };
  const role = (value: Role) => h('option', { value }, TEXTS.sessionRoles[value]);
  return h('form', { class: 'filter', onSubmit: submit }, [
    h('label', null, [
      TEXTS.passkeyName,
      h('input', { name: 'name', required: true, maxLength: 80, placeholder: TEXTS.passkeyNameHint }),
    ]),
    h('label', null, [TEXTS.sessionColumns.role, h('select', { name: 'role' }, [role('act'), role('look')])]),
    h('button', null, TEXTS.passkeyMake),
  ]);
}
