import { shownBatches } from '../state/bindings/batches.ts';
import { shownNodes } from '../state/bindings/nodes.ts';
import { shownErrors, shownQueues } from '../state/bindings/queues.ts';
import { type FormScreen, rowsOf, textIn } from '../state/form.ts';
import { labelText } from '../state/node-list.ts';
import { shownRequests } from '../state/request-list.ts';
import type { Screen, State } from '../state/state.ts';
import { cleanLine } from '../text/clean.ts';
import { resultText } from './state-styles.ts';

/** More of what is under the cursor than its row has room for, in a line. */
export function hintText(state: State, screen: Screen): string {
  if (screen.kind === 'form') return fieldHint(state, screen);
  return 'position' in screen ? cleanLine(rowHint(state, screen) ?? '') : '';
}

function rowHint(state: State, screen: Extract<Screen, { position: unknown }>): string | undefined {
  const { cursor } = screen.position;
  switch (screen.kind) {
    case 'nodes':
      return shownNodes(state, screen)
        .slice(cursor, cursor + 1)
        .map(({ labels }) => labelText(labels))[0];
    case 'requests':
      return shownRequests(state, screen)
        .slice(cursor, cursor + 1)
        .map((request) => `${request.id}  ${request.what ?? ''}  ${resultText(request, state.now)}`)[0];
    case 'batches':
      return shownBatches(screen)
        .slice(cursor, cursor + 1)
        .map(({ id, label }) => `${id}  ${label}`)[0];
    case 'queues':
      return shownQueues(screen)[cursor]?.waitsFor ?? undefined;
    case 'errors':
      return shownErrors(screen)[cursor]?.line;
    case 'templates':
      return undefined;
  }
}

/** What the field that has the keys is for. */
function fieldHint(state: State, form: FormScreen): string {
  const row = rowsOf(form, state.methods).find(({ field }) => field === form.focus);
  if (row === undefined) return '';
  const isMissing = row.isRequired && textIn(form, row.field) === '';
  return `${cleanLine(row.summary)}${isMissing ? ' (needed)' : ''}`;
}
