import type { RequestFilter, ResendChoice } from '../../contract/requests.ts';

/** What is to be done outside of the state; each comes back as an action. */
export type Effect =
  | { readonly do: 'load-status' | 'load-nodes' | 'load-methods' | 'load-queues' | 'load-errors' }
  | {
      readonly do: 'load-requests';
      readonly uid: number;
      readonly filter: RequestFilter;
      readonly limit: number;
      readonly cursor: string | null;
    }
  | { readonly do: 'load-batches'; readonly uid: number; readonly cursor: string | null }
  | { readonly do: 'load-batch'; readonly uid: number; readonly id: string }
  | { readonly do: 'load-request'; readonly uid: number; readonly id: string }
  | { readonly do: 'read-answers'; readonly id: string }
  | {
      readonly do: 'load-output';
      readonly uid: number;
      readonly id: string;
      readonly stream: 'stdout' | 'stderr';
      readonly from: number;
    }
  | { readonly do: 'find-targets'; readonly uid: number; readonly targets: readonly string[] }
  | { readonly do: 'check'; readonly uid: number; readonly messages: readonly object[] }
  | {
      readonly do: 'submit';
      readonly uid: number | null;
      readonly messages: readonly object[];
      readonly label: string;
    }
  | { readonly do: 'cancel'; readonly ids: readonly string[] }
  | { readonly do: 'cancel-batch'; readonly id: string }
  | { readonly do: 'resend'; readonly ids: readonly string[] }
  | { readonly do: 'resend-batch'; readonly id: string; readonly which: ResendChoice }
  | { readonly do: 'load-templates'; readonly uid: number }
  | {
      readonly do: 'save-template';
      readonly name: string;
      readonly messages: readonly object[];
      readonly isReplacing: boolean;
    }
  | { readonly do: 'redraw' | 'suspend' | 'quit' };
