import { formOf, newForm } from './form.ts';
import { formQuestions } from './form-update.ts';
import { NO_OUTPUT } from './output-text.ts';
import { SCROLL_END, SCROLL_START } from './scroll.ts';
import { open } from './show.ts';
import {
  andThen,
  requestsScreen,
  type State,
  type Step,
  stay,
  type Template,
  templatesScreen,
} from './state.ts';

/** Opens the page of a node: what is known of it, and its requests. */
export function openNode(state: State, name: string): Step {
  return open(state, (uid) =>
    requestsScreen(uid, { title: `Node ${name}`, base: { node: [name] }, node: name }),
  );
}

/** Opens the page of a batch: its counts and its requests. */
export function openBatch(state: State, id: string): Step {
  return open(state, (uid) => requestsScreen(uid, { title: 'Batch', base: { batch: id } }));
}

/** Opens the requests that wait in one queue. */
export function openQueue(state: State, node: string, method: string): Step {
  return open(state, (uid) =>
    requestsScreen(uid, {
      title: `Waiting for ${node}: ${method}`,
      base: { node: [node], method: [method], state: ['queued', 'sent'] },
    }),
  );
}

export function openRequest(state: State, id: string): Step {
  return open(state, (uid) => ({
    kind: 'request',
    uid,
    id,
    detail: null,
    fault: null,
    tab: 'timeline',
    scrolls: { timeline: SCROLL_START, stdout: SCROLL_END, stderr: SCROLL_END, message: SCROLL_START },
    stdout: NO_OUTPUT,
    stderr: NO_OUTPUT,
  }));
}

/** Opens a form for a new message to these targets. */
export function openForm(state: State, targets: readonly string[]): Step {
  return withTargets(open(state, (uid) => newForm(uid, targets)));
}

/** Opens a form filled from a template. */
export function openTemplate(state: State, { messages }: Template): Step {
  if (messages === null) return stay(state);
  return withTargets(open(state, (uid) => formOf(uid, messages, state.methods)));
}

/** Opens the list of templates. */
export function openTemplates(state: State): Step {
  return open(state, templatesScreen);
}

/** Has the node say who is meant in the form on top, and what it thinks of the message. */
function withTargets(step: Step): Step {
  return andThen(step, (state) => stay(state, ...formQuestions(state)));
}
