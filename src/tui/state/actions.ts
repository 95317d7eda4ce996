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

/** What can happen to the state. */
export type Action =
  | { readonly type: 'key'; readonly press: KeyPress }
  | { readonly type: 'paste'; readonly text: string }
  | { readonly type: 'resized'; readonly columns: number; readonly rows: number }
  | { readonly type: 'tick'; readonly now: number }
  | { readonly type: 'linked' }
  | { readonly type: 'link-lost'; readonly reason: string }
  | { readonly type: 'event'; readonly event: ApiEvent }
  | { readonly type: 'status'; readonly status: StatusAnswer }
  | { readonly type: 'nodes'; readonly nodes: readonly NodeSummary[] }
  | { readonly type: 'methods'; readonly methods: readonly MethodDescription[] }
  | { readonly type: 'queues'; readonly queues: readonly QueueSummary[] }
  | { readonly type: 'errors'; readonly lines: readonly ErrorLine[] }
  | {
      readonly type: 'requests';
      readonly uid: number;
      readonly page: Page<RequestSummary>;
      readonly isMore: boolean;
    }
  | {
      readonly type: 'batches';
      readonly uid: number;
      readonly page: Page<BatchSummary>;
      readonly isMore: boolean;
    }
  | { readonly type: 'batch'; readonly uid: number; readonly batch: BatchSummary }
  | { readonly type: 'request'; readonly uid: number; readonly detail: RequestDetail }
  | { readonly type: 'answers'; readonly groups: readonly AnswerGroup[] }
  | {
      readonly type: 'output';
      readonly uid: number;
      readonly stream: 'stdout' | 'stderr';
      readonly from: number;
      readonly bytes: Uint8Array;
    }
  | { readonly type: 'targets'; readonly uid: number; readonly answer: TargetAnswer }
  | { readonly type: 'checked'; readonly uid: number; readonly answer: SubmissionAnswer }
  | {
      readonly type: 'submitted';
      readonly uid: number | null;
      readonly answer: SubmissionAnswer;
      readonly label: string;
    }
  | { readonly type: 'templates'; readonly uid: number; readonly templates: readonly Template[] }
  | { readonly type: 'template-exists'; readonly name: string; readonly messages: readonly object[] }
  | { readonly type: 'notice'; readonly text: string; readonly tone: 'good' | 'bad' | 'plain' }
  /** Something was asked of the node in vain; `uid` is the screen that it was for. */
  | { readonly type: 'failed'; readonly uid: number | null; readonly reason: string };
