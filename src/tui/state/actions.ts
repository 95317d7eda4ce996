import type { BatchSummary } from '../../contract/batch-summary.ts';
import type { ApiEvent } from '../../contract/events.ts';
import type { AnswerGroup } from '../../contract/fold-answers.ts';
import type {
  ErrorLine,
  MethodDescription,
  NodeSummary,
  StatusAnswer,
  TargetAnswer,
} from '../../contract/nodes.ts';
import type { QueueSummary } from '../../contract/queues.ts';
import type { Page, RequestDetail, RequestSummary, SubmissionAnswer } from '../../contract/requests.ts';
import type { KeyPress } from './key-press.ts';
import type { Template } from './state.ts';

/** What can happen to the state, and what each of it carries. */
interface Told {
  key: { press: KeyPress };
  paste: { text: string };
  resized: { columns: number; rows: number };
  tick: { now: number };
  linked: object;
  'link-lost': { reason: string };
  event: { event: ApiEvent };
  status: { status: StatusAnswer };
  nodes: { nodes: readonly NodeSummary[] };
  methods: { methods: readonly MethodDescription[] };
  queues: { queues: readonly QueueSummary[] };
  errors: { lines: readonly ErrorLine[] };
  requests: { uid: number; page: Page<RequestSummary>; isMore: boolean };
  batches: { uid: number; page: Page<BatchSummary>; isMore: boolean };
  batch: { uid: number; batch: BatchSummary };
  request: { uid: number; detail: RequestDetail };
  answers: { groups: readonly AnswerGroup[] };
  output: { uid: number; stream: 'stdout' | 'stderr'; from: number; bytes: Uint8Array };
  targets: { uid: number; answer: TargetAnswer };
  checked: { uid: number; answer: SubmissionAnswer };
  submitted: { uid: number | null; answer: SubmissionAnswer; label: string };
  templates: { uid: number; templates: readonly Template[] };
  'template-exists': { name: string; messages: readonly object[] };
  notice: { text: string; tone: 'good' | 'bad' | 'plain' };
  /** Something was asked of the node in vain; `uid` is the screen that it was for. */
  failed: { uid: number | null; reason: string };
}

/** What can happen to the state. */
export type Action = { [T in keyof Told]: { readonly type: T } & Readonly<Told[T]> }[keyof Told];
