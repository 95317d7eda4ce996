import { type ComponentChild, Fragment, h } from 'preact';
import type { FormRow } from '../../client/form-rows.ts';
import type { MethodDescription } from '../../contract/nodes.ts';
import type { RunKind, RunRows } from '../state/run-form.ts';
import { WAVE_FIELDS } from '../state/wave-form.ts';
import { TEXTS } from '../texts.ts';

interface KindProps {
  readonly kind: RunKind;
  readonly methods: readonly MethodDescription[];
  onKind(kind: RunKind): void;
}

/** The choice of what is to be done: a command, a script, or a method by its name. */
export function Kind({ kind, methods, onKind }: KindProps): ComponentChild {
  const onChange = (event: Event) => onKind((event.currentTarget as HTMLSelectElement).value);
  const names = methods.filter(({ isForPeople }) => isForPeople).map(({ name }) => name);
  const summary = methods.find(({ name }) => name === kind)?.summary;
  return h('label', null, [
    TEXTS.runKind,
    h('select', { value: kind, onChange }, [
      Object.entries(TEXTS.runKinds).map(([value, title]) => h('option', { value }, title)),
      names.map((name) => h('option', { value: name }, name)),
    ]),
    summary !== undefined && h('small', null, summary),
  ]);
}

/** What can be filled in for a kind; what every message may have is folded away. */
export function Fields({ kind, rows }: { kind: RunKind; rows: RunRows }): ComponentChild {
  return h(Fragment, null, [
    kind === 'command' && h(Command, null),
    kind === 'script' && h(Script, null),
    rows.own.map((row) => h(Field, { row })),
    h('details', null, [
      h('summary', null, TEXTS.waves),
      h('p', { class: 'empty' }, TEXTS.wavesHow),
      WAVE_FIELDS.map((field) =>
        h('label', null, [
          field,
          h('input', { name: field, ...PLAIN }),
          h('small', null, TEXTS.waveFields[field]),
        ]),
      ),
    ]),
    h('details', null, [
      h('summary', null, TEXTS.runMore),
      h('p', { class: 'empty' }, TEXTS.runMoreHow),
      rows.general.map((row) => h(Field, { row })),
    ]),
  ]);
}

const PLAIN = { autocomplete: 'off', spellcheck: false };

function Command(): ComponentChild {
  return h(Fragment, null, [
    h('label', null, [TEXTS.runWhat, h('input', { name: 'command', placeholder: TEXTS.runHint, ...PLAIN })]),
    h('label', { class: 'choice' }, [h('input', { type: 'checkbox', name: 'shell' }), TEXTS.runShell]),
  ]);
}

function Script(): ComponentChild {
  const script = { name: 'script', rows: 8, cols: 60, placeholder: TEXTS.runScriptHint, ...PLAIN };
  return h('label', null, [TEXTS.runKinds.script, h('textarea', script)]);
}

function Field({
  row: { field, label, summary, placeholder, type, choices },
}: {
  row: FormRow;
}): ComponentChild {
  const common = { name: field, placeholder };
  const control =
    type === 'choice'
      ? h('select', { name: field }, [
          h('option', { value: '' }, placeholder),
          choices.map((choice) => h('option', { value: choice }, choice)),
        ])
      : field === 'data'
        ? h('textarea', { ...common, rows: 4, cols: 60, ...PLAIN })
        : h('input', { ...common, ...(type === 'count' && { inputMode: 'numeric' as const }), ...PLAIN });
  return h('label', null, [label, control, h('small', null, summary)]);
}
