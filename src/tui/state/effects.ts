import type { RequestFilter, ResendChoice } from '../../contract/requests.ts';

/** What is to be done outside of the state, with what it takes. */
interface Asked {
  'load-status': object;
  'load-nodes': object;
  'load-methods': object;
  'load-queues': object;
  'load-errors': object;
  'load-requests': { uid: number; filter: RequestFilter; limit: number; cursor: string | null };
  'load-batches': { uid: number; cursor: string | null };
  'load-batch': { uid: number; id: string };
  'load-request': { uid: number; id: string };
  'read-answers': { id: string };
  'load-output': { uid: number; id: string; stream: 'stdout' | 'stderr'; from: number };
  'find-targets': { uid: number; targets: readonly string[] };
  check: { uid: number; messages: readonly object[] };
  submit: { uid: number | null; messages: readonly object[]; label: string };
  cancel: { ids: readonly string[] };
  'cancel-batch': { id: string };
  resend: { ids: readonly string[] };
  'resend-batch': { id: string; which: ResendChoice };
  'load-templates': { uid: number };
  'save-template': { name: string; messages: readonly object[]; isReplacing: boolean };
  redraw: object;
  suspend: object;
  quit: object;
}

/** What is to be done outside of the state; each comes back as an action. */
export type Effect = { [D in keyof Asked]: { readonly do: D } & Readonly<Asked[D]> }[keyof Asked];
