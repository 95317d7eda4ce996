import { type ComponentChild, Fragment, h } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FormRow } from '../../client/form-rows.ts';
import type { MethodDescription } from '../../contract/nodes.ts';
import { atLeastOne, parseAmount } from '../../waves/amount.ts';
import { runLineOf } from '../state/command-line.ts';
import { hashOf } from '../state/route.ts';
import { type RunForm, type RunKind, type RunRows, readRunForm, rowsOf } from '../state/run-form.ts';
import type { Question } from '../state/state.ts';
import { WAVE_FIELDS } from '../state/wave-form.ts';
import { TEXTS } from '../texts.ts';
import { GROUPS, Groups } from './groups.ts';
import { CopyLine, type Tasks } from './parts.ts';

interface RunProps {
  readonly methods: readonly MethodDescription[];
  readonly target: string | undefined;
  readonly mayAct: boolean;
  readonly tasks: Tasks;
  ask(question: Question): void;
  onCopied(): void;
}

/** How long somebody may pause while typing before the nodes are counted, ms. */
const PAUSE_MS = 300;

/** Something to be done on nodes: who is meant is shown as it is typed, and asked before it is sent. */
export function Run({ methods, target: first = '', mayAct, tasks, ask, onCopied }: RunProps): ComponentChild {
  const [target, setTarget] = useState(first);
  const [kind, setKind] = useState<RunKind>('command');
  const [fault, setFault] = useState('');
  const [line, setLine] = useState('');
  const preview = usePreview(target.trim(), tasks.preview);
  const element = useRef<HTMLFormElement>(null);
  const shown = useRef(kind);
  // Another kind has fields of its own: what they say is shown once they are there.
  useEffect(() => {
    if (shown.current !== kind) element.current?.dispatchEvent(new Event('input'));
    shown.current = kind;
  }, [kind]);
  if (!mayAct) return h('p', { role: 'alert', class: 'fault' }, TEXTS.mayNotRun);
  const formIn = (element: HTMLFormElement) => {
    const data = new FormData(element);
    return readRunForm(kind, (field) => String(data.get(field) ?? ''), methods);
  };
  const showLine = (event: Event) => {
    const form = formIn(event.currentTarget as HTMLFormElement);
    setLine(typeof form === 'string' ? '' : runLineOf(form));
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = formIn(event.currentTarget as HTMLFormElement);
    setFault(typeof form === 'string' ? form : '');
    if (typeof form === 'string') return;
    if ((event.submitter as HTMLButtonElement | null)?.value === 'check') return tasks.check(form);
    // How many it is by now, however fast somebody types.
    tasks.preview(form.target).then(
      ({ total }) =>
        total > 0 ? ask({ does: 'run', form, nodes: limited(form, total) }) : setFault(TEXTS.runNobody),
      (error: Error) => setFault(error.message),
    );
  };
  const onInput = (event: Event) => setTarget((event.currentTarget as HTMLInputElement).value);
  return h('form', { class: 'run', ref: element, onSubmit: submit, onInput: showLine }, [
    h('label', null, [
      TEXTS.runOn,
      h('input', {
        ...{ name: 'target', value: target, onInput, 'data-filter': true },
        ...{ placeholder: TEXTS.filterNodesHint, autocomplete: 'off', list: GROUPS },
      }),
    ]),
    h(Groups, { tasks }),
    h('p', { role: 'status' }, preview),
    preview !== '' &&
      h(
        'p',
        null,
        h('a', { href: hashOf({ screen: 'nodes', query: { target: target.trim() } }) }, TEXTS.runWho),
      ),
    h(Kind, { kind, methods, onKind: setKind }),
    h(Fields, { key: kind, kind, rows: rowsOf(kind, methods) }),
    fault !== '' && h('p', { role: 'alert', class: 'fault' }, fault),
    h('p', { class: 'buttons' }, [
      h('button', { value: 'run', class: 'sure' }, TEXTS.runGo),
      h('button', { value: 'check' }, TEXTS.runCheck),
    ]),
    line !== '' && h(CopyLine, { label: TEXTS.command, text: line, onCopied }),
  ]);
}

/** How many nodes it is for, where no more are wanted than some. */
function limited({ waves }: RunForm, total: number): number {
  const limit = parseAmount(waves?.limit ?? '');
  return limit === undefined ? total : Math.min(total, atLeastOne(limit, total));
}

/** In words, how many nodes a target means; asked once the typing pauses. */
function usePreview(target: string, preview: Tasks['preview']): string {
  const [text, setText] = useState('');
  useEffect(() => {
    let isOld = false;
    const show = (words: string) => isOld || setText(words);
    const ask = () =>
      void preview(target).then(
        ({ total, presences: { here, away } }) => show(TEXTS.runPreview(total, here, away)),
        (error: Error) => show(error.message),
      );
    const timer = target === '' ? undefined : setTimeout(ask, PAUSE_MS);
    setText('');
    return () => {
      isOld = true;
      clearTimeout(timer);
    };
  }, [target, preview]);
  return text;
}

interface KindProps {
  readonly kind: RunKind;
  readonly methods: readonly MethodDescription[];
  onKind(kind: RunKind): void;
}

/** The choice of what is to be done: a command, a script, or a method by its name. */
function Kind({ kind, methods, onKind }: KindProps): ComponentChild {
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
function Fields({ kind, rows }: { kind: RunKind; rows: RunRows }): ComponentChild {
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
