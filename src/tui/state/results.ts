import { errorEntries } from '../../contract/error-entries.ts';
import { type AnswerGroup, lineDiff } from '../../contract/fold-answers.ts';
import type { RequestDetail, SubmissionAnswer } from '../../contract/requests.ts';
import { countWords } from '../../lib/time-words.ts';
import type { Action } from './actions.ts';
import type { Effect } from './effects.ts';
import { checkOf } from './form-update.ts';
import { keepPosition } from './list.ts';
import { withNodes } from './node-list.ts';
import { openBatch, openRequest } from './open-screens.ts';
import { NO_OUTPUT, withPiece } from './output-text.ts';
import type { Overlay } from './overlay.ts';
import { withPage } from './request-list.ts';
import {
  allScreens,
  noticed,
  type RequestScreen,
  type Screen,
  type State,
  type Step,
  stay,
  withScreen,
} from './state.ts';

/** Bytes of an output that are shown at most: the end of a longer one. */
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

/** What became of an effect. */
export type Result = Exclude<
  Action,
  { type: 'key' | 'paste' | 'resized' | 'tick' | 'linked' | 'link-lost' | 'event' }
>;

/** What becomes of the state when something that was asked for has come. */
export function withResult(state: State, result: Result): Step {
  const handle = HANDLERS[result.type] as (state: State, result: Result) => Step;
  return handle(state, result);
}

type Handlers = {
  readonly [T in Result['type']]: (state: State, result: Extract<Result, { type: T }>) => Step;
};

const HANDLERS: Handlers = {
  status: (state, { status }) => stay({ ...state, status }),
  nodes: (state, { nodes }) =>
    stay({ ...state, nodes: withNodes(withNodes([], nodes), state.nodesSince ?? []), nodesSince: null }),
  methods: (state, { methods }) => stay({ ...state, methods }),
  queues: (state, { queues }) => stay(onTab(state, 'queues', { items: queues, fault: null })),
  errors: (state, { lines }) =>
    stay(onTab(state, 'errors', { items: errorEntries(lines).toReversed().flat(), fault: null })),
  requests: (state, result) =>
    onScreen(state, result.uid, 'requests', (screen) =>
      stay(withScreen(state, withPage(state, screen, result))),
    ),
  batches: (state, { uid, page, isMore }) =>
    onScreen(state, uid, 'batches', (screen) => {
      const before = screen.items ?? [];
      // A first page that is read again takes the place of its like; what was read after it stays.
      const ids = new Set(page.items.map(({ id }) => id));
      const isContinued = before.some(({ id }) => ids.has(id));
      const older = isContinued ? before.filter(({ id }) => id < (page.items.at(-1)?.id ?? '')) : [];
      const items = isMore ? [...before, ...page.items] : [...page.items, ...older];
      const next = isMore || older.length === 0 ? page.next : screen.next;
      const position = keepPosition(
        screen.position,
        before.map(({ id }) => id),
        items.map(({ id }) => id),
      );
      return stay(withScreen(state, { ...screen, items, next, position, isLoading: false, fault: null }));
    }),
  batch: (state, { uid, batch }) =>
    onScreen(state, uid, 'requests', (screen) => stay(withScreen(state, { ...screen, batch }))),
  request: (state, { uid, detail }) =>
    onScreen(state, uid, 'request', (screen) => requestCame(state, screen, detail)),
  answers: (state, { groups }) => stay({ ...state, overlay: answersOverlay(groups) }),
  output: (state, { uid, stream, from, bytes }) =>
    onScreen(state, uid, 'request', (screen) => {
      const own = screen[stream];
      const start = own.nextByte === 0 && from > 0 ? { ...NO_OUTPUT, nextByte: from, isCut: true } : own;
      const output = withPiece(start, from, bytes);
      return stay(output === undefined ? state : withScreen(state, { ...screen, [stream]: output }));
    }),
  targets: (state, { uid, answer }) =>
    onScreen(state, uid, 'form', (screen) => {
      const form = { ...screen, found: answer };
      return stay(withScreen(state, form), ...checkOf(state, form));
    }),
  checked: (state, { uid, answer }) =>
    onScreen(state, uid, 'form', (form) =>
      stay(withScreen(state, { ...form, checked: answer, fault: null })),
    ),
  submitted,
  templates: (state, { uid, templates }) =>
    onScreen(state, uid, 'templates', (screen) =>
      stay(withScreen(state, { ...screen, items: templates, fault: null })),
    ),
  'template-exists': (state, { name, messages }) => {
    const effects: Effect[] = [{ do: 'save-template', name, messages, isReplacing: true }];
    const answers = [{ key: 'y', label: 'replace it', effects }];
    const title = `There is a template ${name} already. Replace it?`;
    return stay({ ...state, overlay: { kind: 'question', title, lines: [], answers } });
  },
  notice: (state, { text, tone }) => stay(noticed(state, text, tone)),
  failed,
};

/** What nodes answered, the same answers once, and how the others differ from the first. */
function answersOverlay(groups: readonly AnswerGroup[]): Overlay {
  const [first] = groups;
  const textOf = ({ stdout, stderr }: AnswerGroup) => `${stdout}${stderr}`.trimEnd();
  const lines = groups.flatMap((group) => {
    const diff = group === first ? undefined : lineDiff(textOf(first!), textOf(group));
    const who = `${countWords(group.nodes.length, 'node')}, ${group.end}: ${group.nodes.join(' ')}`;
    return [who, ...(diff ?? textOf(group).split('\n')).map((line) => `  ${line}`)];
  });
  const title = groups.length === 0 ? 'No node has answered yet' : 'What the nodes answered';
  return { kind: 'question', title, lines, answers: [] };
}

function requestCame(state: State, screen: RequestScreen, detail: RequestDetail): Step {
  const loads = (['stdout', 'stderr'] as const).flatMap((stream): Effect[] => {
    const { keptBytes } = detail[stream];
    const { nextByte } = screen[stream];
    if (keptBytes <= nextByte) return [];
    const from = Math.max(nextByte, keptBytes - MAX_OUTPUT_BYTES);
    return [{ do: 'load-output', uid: screen.uid, id: screen.id, stream, from }];
  });
  return stay(withScreen(state, { ...screen, detail, fault: null }), ...loads);
}

function submitted(state: State, { uid, answer, label }: Result & { type: 'submitted' }): Step {
  const [refusal] = answer.refused;
  if (answer.accepted.length === 0) {
    const form = uid === null ? undefined : find(state, uid);
    const calm =
      form?.kind === 'form' ? withScreen(state, { ...form, isSending: false, checked: answer }) : state;
    return stay(noticed(calm, refusal?.reason ?? 'nothing was accepted', 'bad'));
  }
  const closed =
    uid === null ? state : { ...state, stack: state.stack.filter((screen) => screen.uid !== uid) };
  const step = openSubmitted(closed, answer);
  return {
    ...step,
    state: noticed(step.state, sentence(answer, label), refusal === undefined ? 'good' : 'bad'),
  };
}

/** Goes to what became of a submission: its batch, or its only request where no batch is told. */
function openSubmitted(state: State, { batch, accepted }: SubmissionAnswer): Step {
  if (batch !== undefined) return openBatch(state, batch);
  return openRequest(state, accepted[0]!.id);
}

function sentence({ accepted, refused, warnings }: SubmissionAnswer, label: string): string {
  const sent = `accepted for ${accepted.length} ${accepted.length === 1 ? 'node' : 'nodes'}`;
  const refusal = refused[0] === undefined ? '' : `; ${refused.length} refused: ${refused[0].reason}`;
  const warning = warnings[0] === undefined ? '' : `; ${warnings[0].reason}`;
  return `${sent}${refusal}${warning}: ${label}`;
}

function failed(state: State, { uid, reason }: Result & { type: 'failed' }): Step {
  const screen = uid === null ? undefined : find(state, uid);
  if (screen === undefined) return stay(noticed(state, reason, 'bad'));
  if (screen.kind === 'form') {
    return stay(noticed(withScreen(state, { ...screen, isSending: false, fault: reason }), reason, 'bad'));
  }
  const calm = 'isLoading' in screen ? { ...screen, isLoading: false, since: null } : screen;
  return stay(withScreen(state, { ...calm, fault: reason }));
}

function find(state: State, uid: number): Screen | undefined {
  return allScreens(state).find((screen) => screen.uid === uid);
}

function onScreen<K extends Screen['kind']>(
  state: State,
  uid: number,
  kind: K,
  run: (screen: Extract<Screen, { kind: K }>) => Step,
): Step {
  const screen = find(state, uid);
  return screen?.kind === kind ? run(screen as Extract<Screen, { kind: K }>) : stay(state);
}

function onTab(state: State, tab: 'queues' | 'errors', change: object): State {
  return { ...state, tabs: { ...state.tabs, [tab]: { ...state.tabs[tab], ...change } } };
}
