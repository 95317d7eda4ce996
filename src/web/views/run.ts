import { type ComponentChild, h } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { MethodDescription } from '../../contract/nodes.ts';
import { type RunKind, readRunForm, rowsOf } from '../state/run-form.ts';
import type { Question } from '../state/state.ts';
import { TEXTS } from '../texts.ts';
import { Fields, Kind } from './run-fields.ts';
import type { Tasks } from './tasks.ts';

interface RunProps {
  readonly methods: readonly MethodDescription[];
  readonly target: string | undefined;
  readonly mayAct: boolean;
  readonly tasks: Tasks;
  ask(question: Question): void;
}

/** How long somebody may pause while typing before the nodes are counted, ms. */
const PAUSE_MS = 300;

/** Something to be done on nodes: who is meant is shown as it is typed, and asked before it is sent. */
export function Run({ methods, target: first = '', mayAct, tasks, ask }: RunProps): ComponentChild {
  const [target, setTarget] = useState(first);
  const [kind, setKind] = useState<RunKind>('command');
  const [fault, setFault] = useState('');
  const preview = usePreview(target.trim(), tasks.preview);
  if (!mayAct) return h('p', { role: 'alert', class: 'fault' }, TEXTS.mayNotRun);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const form = readRunForm(kind, (field) => String(data.get(field) ?? ''), methods);
    setFault(typeof form === 'string' ? form : '');
    if (typeof form === 'string') return;
    if ((event.submitter as HTMLButtonElement | null)?.value === 'check') return tasks.check(form);
    // How many it is by now, however fast somebody types.
    tasks.preview(form.target).then(
      ({ total }) => (total > 0 ? ask({ does: 'run', form, nodes: total }) : setFault(TEXTS.runNobody)),
      (error: Error) => setFault(error.message),
    );
  };
  const onInput = (event: Event) => setTarget((event.currentTarget as HTMLInputElement).value);
  return h('form', { class: 'run', onSubmit: submit }, [
    h('label', null, [
      TEXTS.runOn,
      h('input', {
        ...{ name: 'target', value: target, onInput, 'data-filter': true },
        ...{ placeholder: TEXTS.filterNodesHint, autocomplete: 'off' },
      }),
    ]),
    h('p', { role: 'status' }, preview),
    h(Kind, { kind, methods, onKind: setKind }),
    h(Fields, { key: kind, kind, rows: rowsOf(kind, methods) }),
    fault !== '' && h('p', { role: 'alert', class: 'fault' }, fault),
    h('p', { class: 'buttons' }, [
      h('button', { value: 'run' }, TEXTS.runGo),
      h('button', { value: 'check' }, TEXTS.runCheck),
    ]),
  ]);
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
