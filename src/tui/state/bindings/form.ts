import { type FormScreen, formResult } from '../form.ts';
import { sendForm } from '../form-update.ts';
import { openTemplate, openTemplates } from '../open-screens.ts';
import { back } from '../show.ts';
import {
  type Binding,
  noticed,
  type State,
  type Step,
  stay,
  stays,
  type Template,
  type TemplatesScreen,
} from '../state.ts';
import { inputOf } from '../text-input.ts';
import { FILTER, onRow } from './common.ts';

/** Keys of the form besides those that write and move. */
export const FORM_BINDINGS: readonly Binding<FormScreen>[] = [
  { keys: ['ctrl+s'], label: 'send', help: 'send the message as it is shown', run: sendForm },
  { keys: [], shows: 'tab ↑↓', label: 'field', help: 'go to the next field or the one before', run: stays },
  {
    keys: [],
    shows: 'enter',
    label: 'choose',
    help: 'choose from a list where the field has one, else the next field',
    run: stays,
  },
  { keys: ['ctrl+t'], label: 'templates', help: 'begin with a template', run: openTemplates },
  { keys: ['ctrl+o'], label: 'save', help: 'save the message as a template', run: askName },
  { keys: ['esc'], label: 'back', help: 'leave without sending', run: back },
  {
    keys: ['f1', 'ctrl+g'],
    shows: 'ctrl+g',
    label: 'help',
    help: 'this page',
    run: (state) => stay({ ...state, overlay: { kind: 'help', top: 0 } }),
  },
  { keys: [], shows: 'ctrl+j', help: 'a line break, in data', run: stays },
  {
    keys: [],
    shows: 'ctrl+a e k u w',
    help: 'begin, end, remove to the end, to the begin, a word; meta+b and f go by words',
    run: stays,
  },
];

const onTemplate = onRow((_, screen: TemplatesScreen) => shownTemplates(screen));

export const TEMPLATES_BINDINGS: readonly Binding<TemplatesScreen>[] = [
  {
    keys: ['enter', 'right', 'l'],
    label: 'use',
    help: 'a new message that begins as the template',
    run: onTemplate((state, template) =>
      template.messages === null
        ? stay(noticed(state, `${template.name}: ${template.fault}`, 'bad'))
        : openTemplate(state, template),
    ),
  },
  FILTER as Binding<TemplatesScreen>,
];

/** The templates that the filter leaves. */
export function shownTemplates({ items, filter }: TemplatesScreen): readonly Template[] {
  const text = filter.letters.join('').toLowerCase();
  return (items ?? []).filter(({ name }) => name.toLowerCase().includes(text));
}

function askName(state: State, form: FormScreen): Step {
  const { messages } = formResult(form, state.methods);
  const method = String(messages[0]?.method ?? '');
  return stay({
    ...state,
    overlay: {
      kind: 'name',
      title: 'Save the message as a template named',
      input: inputOf(method.replace(/^REQ/, '').toLowerCase()),
      fault: null,
    },
  });
}
