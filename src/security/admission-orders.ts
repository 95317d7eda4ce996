import type { AdmittedNode } from './admission-state.ts';
import type { Relay } from './permissions.ts';

/** What is asked of a running node about who may join, as one line of JSON. */
export type AdmissionOrder =
  | {
      readonly do: 'invite';
      readonly name: string;
      readonly ttlSeconds: number;
      readonly isReplacing: boolean;
    }
  | { readonly do: 'forget'; readonly name: string }
  /** Of the tokens that let nobody in yet: those for a name, or all ('' as the name). */
  | { readonly do: 'withdraw'; readonly name: string }
  | { readonly do: 'relays'; readonly relays: readonly Relay[] }
  | { readonly do: 'list' };

/** What it answers, as one line of JSON; or `{fault}` with a sentence. */
export interface AdmissionReplies {
  readonly invite: { readonly token: string; readonly expiresAt: number };
  readonly forget: { readonly wasThere: boolean };
  readonly withdraw: { readonly withdrawn: number };
  readonly relays: { readonly relays: number };
  readonly list: { readonly nodes: readonly AdmittedNode[]; readonly tokens: readonly ListedToken[] };
}

interface ListedToken {
  readonly name: string;
  readonly expiresAt: number;
}

/** The socket's name in the socket folder. */
export const ADMISSION_SOCKET = 'admission.sock';
