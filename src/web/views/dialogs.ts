import { type ComponentChild, Fragment, h } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { browserWords } from '../state/browser-words.ts';
import { type Destination, destinationsFor } from '../state/find-destinations.ts';
import type { Action, Question, State } from '../state/state.ts';
import { TEXTS } from '../texts.ts';
import type { Recent, Tasks } from './parts.ts';

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

/** How long typing rests before the node is asked, ms. */
const REST_MS = 150;

interface GoToProps {
  readonly tasks: Tasks;
  close(): void;
}

/** What the node finds for what is typed: at rest by itself, or at once where `find` is called. */
function useSearch(tasks: Tasks) {
  const [text, setText] = useState('');
  const [known, setKnown] = useState<Recent>({ requests: [], batches: [] });
  const [nodes, setNodes] = useState<readonly string[]>([]);
  const [recent] = useState(() => tasks.recent());
  const typed = useRef({ text: '', timer: 0, isOpen: true }).current;
  useEffect(() => {
    void recent.then(setKnown);
    return () => {
      typed.isOpen = false;
      clearTimeout(typed.timer);
    };
  }, [recent, typed]);
  const find = async (of: string): Promise<Recent & { nodes: readonly string[] }> => {
    const [names, newest] = await Promise.all([tasks.findNodes(of), recent]);
    if (typed.text === of) setNodes(names);
    return { ...newest, nodes: names };
  };
  const type = (now: string) => {
    clearTimeout(typed.timer);
    typed.text = now;
    setText(now);
    if (now !== '') typed.timer = setTimeout(() => void find(now), REST_MS) as unknown as number;
  };
  return {
    text,
    found: { ...known, nodes },
    find,
    type,
    isTyped: (of: string) => typed.isOpen && typed.text === of,
  };
}

/** Finds screens, nodes, requests, batches and what the page offers, and goes there or does it. */
function GoTo({ tasks, close }: GoToProps): ComponentChild {
  const [actions] = useState(pageActions);
  const { text, found, find, type, isTyped } = useSearch(tasks);
  const [chosen, setChosen] = useState<string>();
  const [isBare, setBare] = useState(false);
  const names = actions.map(({ name }) => name);
  const destinations = destinationsFor(text, { actions: names, ...found });
  const at = Math.max(
    0,
    destinations.findIndex(({ key }) => key === chosen),
  );
  const take = ({ hash, action }: Destination) => {
    close();
    if (hash !== undefined) location.hash = hash;
    else actions[action!]!.element.click();
  };
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const isSettled = chosen !== undefined || destinations[0]?.isExact || text === '';
    // What was typed fast is looked for before anything is taken in its place.
    const settled = isSettled
      ? destinations[at]
      : destinationsFor(text, { actions: names, ...(await find(text)) })[0];
    if (!isTyped(text)) return;
    if (settled === undefined) setBare(true);
    else take(settled);
  };
  const move = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    setChosen(destinations[Math.min(Math.max(at + by, 0), destinations.length - 1)]?.key);
  };
  const change = (event: Event) => {
    type((event.currentTarget as HTMLInputElement).value.trim());
    setChosen(undefined);
    setBare(false);
  };
  return h(Fragment, null, [
    h('form', { onSubmit: submit }, [
      [
        h('input', {
          'aria-label': TEXTS.goTo,
          ...{ name: 'place', placeholder: TEXTS.goToHint, autoFocus: true, autocomplete: 'off' },
          ...{ role: 'combobox', 'aria-expanded': destinations.length > 0, 'aria-controls': 'places' },
          ...{ 'aria-autocomplete': 'list', onInput: change, onKeyDown: move },
          'aria-activedescendant': destinations.length > 0 ? `place-${at}` : undefined,
        }),
      ],
    ]),
    destinations.length > 0 && h(Destinations, { destinations, at, take }),
    h('p', { role: 'status', class: 'empty' }, isBare ? TEXTS.goToNone : ''),
  ]);
}

interface DestinationsProps {
  readonly destinations: readonly Destination[];
  readonly at: number;
  take(destination: Destination): void;
}

function Destinations({ destinations, at, take }: DestinationsProps): ComponentChild {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => list.current?.children[at]?.scrollIntoView({ block: 'nearest' }), [at]);
  const option = (destination: Destination, index: number) =>
    h(
      'li',
      {
        ...{ key: destination.key, id: `place-${index}`, role: 'option', 'aria-selected': index === at },
        onClick: () => take(destination),
      },
      destination.text,
    );
  return h(
    'ul',
    { id: 'places', role: 'listbox', 'aria-label': TEXTS.goTo, class: 'places', ref: list },
    destinations.map(option),
  );
}

/** What the page that lies below offers: its buttons, and the links to its other pages. */
function pageActions() {
  const offered = [...document.querySelectorAll<HTMLElement>('main button, main .pages a')];
  return offered.map((element) => ({
    element,
    name: element.getAttribute('aria-label') ?? element.textContent ?? '',
  }));
}
