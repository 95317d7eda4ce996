import { type ComponentChild, h } from 'preact';
import { browserWords } from '../state/browser-words.ts';
import type { Action, Question, State } from '../state/state.ts';
import { TEXTS } from '../texts.ts';
import { GoTo } from './go-to.ts';
import type { Tasks } from './parts.ts';

interface DialogsProps {
  readonly overlay: State['overlay'];
  readonly opened: State['opened'];
  dispatch(action: Action): void;
  readonly tasks: Tasks;
}

/** What lies over the page: the keys, where to go, or a question. */
export function Dialogs({ overlay, opened, dispatch, tasks }: DialogsProps): ComponentChild {
  if (overlay === undefined) return null;
  const close = () => dispatch({ type: 'overlay', overlay: undefined });
  const content =
    overlay === 'keys'
      ? h(Keys, null)
      : overlay === 'go'
        ? h(GoTo, { tasks, close })
        : h(Sure, { question: overlay, answer: tasks.answer });
  const label = overlay === 'keys' ? TEXTS.keys : overlay === 'go' ? TEXTS.goTo : sureText(overlay);
  // A browser says a frame later that one was closed: another may be in its place by then.
  const onClose = ({ currentTarget }: Event) => {
    if ((currentTarget as HTMLDialogElement).isConnected) close();
  };
  // One of its own each time, so that the focus goes to what it asks.
  return h('dialog', { key: opened, ref: show, onClose, 'aria-label': label }, [
    h('h2', null, label),
    content,
    h('form', { method: 'dialog' }, h('button', null, typeof overlay === 'string' ? TEXTS.close : TEXTS.no)),
  ]);
}

function show(dialog: HTMLDialogElement | null): void {
  dialog?.showModal();
}

function Keys(): ComponentChild {
  return h(
    'dl',
    null,
    TEXTS.keyHelp.map(([key, does]) =>
      h('div', null, h('dt', null, h('kbd', null, key)), h('dd', null, does)),
    ),
  );
}

function Sure({
  question,
  answer,
}: {
  question: Question;
  answer(question: Question): void;
}): ComponentChild {
  if (question.does === 'rename-passkey') return h(Rename, { question, answer });
  const onClick = () => answer(question);
  return h('button', { type: 'button', class: 'sure', onClick }, TEXTS.yes);
}

function Rename({
  question,
  answer,
}: {
  question: Extract<Question, { readonly name?: string }>;
  answer(question: Question): void;
}): ComponentChild {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget as HTMLFormElement).get('name'));
    answer({ ...question, name });
  };
  const field = { name: 'name', required: true, maxLength: 80, defaultValue: question.passkey.name };
  return h('form', { onSubmit: submit }, [
    h('input', { ...field, 'aria-label': sureText(question) }),
    ' ',
    h('button', { class: 'sure' }, TEXTS.passkeyDoes['rename-passkey']),
  ]);
}

function sureText(question: Question): string {
  switch (question.does) {
    case 'cancel':
      return TEXTS.cancelSure(question.request.method, question.request.node);
    case 'resend':
      return TEXTS.resendSure(question.request.method, question.request.node);
    case 'end-session':
      return TEXTS.sessionSure(browserWords(question.session.browser) || question.session.id);
    case 'rename-passkey':
      return TEXTS.passkeyRenameHow(question.passkey.name);
    case 'remove-passkey':
      return TEXTS.passkeyRemoveSure(question.passkey.name);
    case 'run':
      return TEXTS.runSure(question.form.what, question.nodes);
    case 'cancel-batch':
      return TEXTS.cancelBatchSure(question.nodes);
    case 'resend-batch':
      return TEXTS.resendBatchSure(question.nodes);
  }
}
