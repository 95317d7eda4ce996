import { cancelWords } from '../../client/cancel-words.ts';
import type { StewardApi } from '../../client/steward-api.ts';
import type { CancelResult, SubmissionAnswer } from '../../contract/requests.ts';
import type { Action } from '../state/actions.ts';
import type { Effect } from '../state/effects.ts';
import type { Templates } from './templates.ts';

/** The effects that ask something of the node or of the disk. */
export type Asking = Exclude<Effect, { do: 'redraw' | 'suspend' | 'quit' }>;

/** Whether an effect asks something of the node or of the disk; the others are for the terminal or the program. */
export function isAsking(effect: Effect): effect is Asking {
  return effect.do !== 'redraw' && effect.do !== 'suspend' && effect.do !== 'quit';
}

/** Error lines that are read when the list of them is opened. */
const ERROR_LINES = 1000;
const BATCH_PAGE = 200;

/** Requests that are ended at the same time. */
const AT_ONCE = 16;

/** Does what an effect says and returns the action it comes to. Throws what the node or the disk answers. */
export function runEffect(
  effect: Asking,
  deps: { readonly api: StewardApi; readonly templates: Templates },
): Promise<Action> {
  const run = RUNNERS[effect.do] as (effect: Asking, deps: Deps) => Promise<Action>;
  return run(effect, deps);
}

interface Deps {
  readonly api: StewardApi;
  readonly templates: Templates;
}

type Runners = {
  readonly [D in Asking['do']]: (effect: Extract<Asking, { do: D }>, deps: Deps) => Promise<Action>;
};

const RUNNERS: Runners = {
  'load-status': async (_effect, { api }) => ({ type: 'status', status: await api.status() }),
  'load-nodes': async (_effect, { api }) => ({ type: 'nodes', nodes: await api.nodes() }),
  'load-methods': async (_effect, { api }) => ({ type: 'methods', methods: await api.methods() }),
  'load-queues': async (_effect, { api }) => ({ type: 'queues', queues: await api.queues() }),
  'load-errors': async (_effect, { api }) => ({
    type: 'errors',
    lines: await api.errors({ limit: ERROR_LINES }),
  }),
  'load-requests': async ({ uid, filter, limit, cursor }, { api }) => {
    const page = await api.requests({ ...filter, limit, cursor: cursor ?? undefined });
    return { type: 'requests', uid, page, isMore: cursor !== null };
  },
  'load-batches': async ({ uid, cursor }, { api }) => {
    const page = await api.batches({ limit: BATCH_PAGE, cursor: cursor ?? undefined });
    return { type: 'batches', uid, page, isMore: cursor !== null };
  },
  'load-batch': async ({ uid, id }, { api }) => ({ type: 'batch', uid, batch: await api.batch(id) }),
  'load-request': async ({ uid, id }, { api }) => ({ type: 'request', uid, detail: await api.request(id) }),
  'read-answers': async ({ id }, { api }) => ({ type: 'answers', groups: await api.batchAnswers(id) }),
  'load-output': async ({ uid, id, stream, from }, { api }) => {
    const bytes = await api.output(id, { stream, from });
    return { type: 'output', uid, stream, from, bytes };
  },
  'find-targets': async ({ uid, targets }, { api }) => ({
    type: 'targets',
    uid,
    answer: await api.targets({ targets }),
  }),
  check: async ({ uid, messages }, { api }) => ({
    type: 'checked',
    uid,
    answer: await api.submit(messages, { dryRun: true }),
  }),
  submit: async ({ uid, messages, label }, { api }) => ({
    type: 'submitted',
    uid,
    answer: await api.submit(messages, { label }),
    label,
  }),
  cancel: async ({ ids }, { api }) => {
    const results: CancelResult[] = [];
    for (let start = 0; start < ids.length; start += AT_ONCE) {
      const part = ids.slice(start, start + AT_ONCE).map((id) => api.cancelRequest(id));
      results.push(...(await Promise.all(part)));
    }
    return cancelNotice(results);
  },
  'cancel-batch': async ({ id }, { api }) => cancelNotice(await api.cancelBatch(id)),
  resend: async ({ ids }, { api }) => {
    const answers: SubmissionAnswer[] = [];
    for (const id of ids) answers.push(await api.resendRequest(id));
    return resendNotice(answers);
  },
  'resend-batch': async ({ id, which }, { api }) => resendNotice([await api.resendBatch(id, { which })]),
  'load-templates': async ({ uid }, { templates }) => ({
    type: 'templates',
    uid,
    templates: await templates.list(),
  }),
  'save-template': async ({ name, messages, isReplacing }, { templates }) => {
    const saved = await templates.save(name, messages, { isReplacing });
    if (saved === undefined) return { type: 'template-exists', name, messages };
    return { type: 'notice', text: `saved as ${saved}`, tone: 'good' };
  },
};

function cancelNotice(results: readonly CancelResult[]): Action {
  return { type: 'notice', text: cancelWords(results), tone: 'good' };
}

function resendNotice(answers: readonly SubmissionAnswer[]): Action {
  const sent = answers.reduce((sum, { accepted }) => sum + accepted.length, 0);
  const refused = answers.flatMap((answer) => answer.refused);
  if (refused[0] !== undefined) return { type: 'notice', text: refused[0].reason, tone: 'bad' };
  const text = sent === 0 ? 'there was nothing to send again' : `sent ${sent} again, as new requests`;
  return { type: 'notice', text, tone: sent === 0 ? 'plain' : 'good' };
}
