import type { Relay } from './permissions.ts';

/** A node that was let in. */
export interface AdmittedNode {
  readonly name: string;
  readonly key: string;
  /** Unix ms. */
  readonly since: number;
}

/** A token that was given out. */
export interface OpenToken {
  /** Its public key. */
  readonly key: string;
  /** Unix ms. */
  readonly expiresAt: number;
  /** The node that it is for; '' = any. */
  readonly name: string;
  /** Whether it may give an admitted name to another key. */
  readonly isReplacing: boolean;
  /** Whom it let in, unix ms. */
  readonly usedBy?: { readonly name: string; readonly key: string; readonly at: number };
}

/** Who may connect to a fleet's own broker, by name, and the tokens by which others come to, by their keys. */
export interface AdmissionState {
  readonly nodes: ReadonlyMap<string, AdmittedNode>;
  readonly tokens: ReadonlyMap<string, OpenToken>;
  readonly relays: readonly Relay[];
}

export const EMPTY_ADMISSION: AdmissionState = { nodes: new Map(), tokens: new Map(), relays: [] };

/** The state without tokens whose time is over. */
export function withoutExpired(state: AdmissionState, now: number): AdmissionState {
  return { ...state, tokens: new Map([...state.tokens].filter(([, { expiresAt }]) => expiresAt > now)) };
}

/** The state with a token, in place of one of the same key. */
export function withToken(state: AdmissionState, token: OpenToken): AdmissionState {
  return { ...state, tokens: new Map([...state.tokens, [token.key, token]]) };
}

/** The state with a node, in place of one of the same name. */
export function withNode(state: AdmissionState, node: AdmittedNode): AdmissionState {
  return { ...state, nodes: new Map([...state.nodes, [node.name, node]]) };
}

/** The state without a node, and without tokens that were made for it; used ones stay as they are. */
export function withoutNode(state: AdmissionState, name: string): AdmissionState {
  const tokens = [...state.tokens].filter(([, token]) => token.usedBy !== undefined || token.name !== name);
  return {
    ...state,
    nodes: new Map([...state.nodes].filter(([key]) => key !== name)),
    tokens: new Map(tokens),
  };
}

/** The state without tokens that let nobody in yet: those for a name, or all ('' as the name). */
export function withoutOpenTokens(state: AdmissionState, name: string): AdmissionState {
  const isKept = (token: OpenToken) => token.usedBy !== undefined || (name !== '' && token.name !== name);
  return { ...state, tokens: new Map([...state.tokens].filter(([, token]) => isKept(token))) };
}

/** The text of the file that keeps the state. */
export function writeState({ nodes, tokens, relays }: AdmissionState): string {
  const lists = { nodes: [...nodes.values()], tokens: [...tokens.values()], relays };
  return `${JSON.stringify({ version: 1, ...lists }, undefined, 2)}\n`;
}

/** Reads such a text; undefined where it is none. */
export function parseState(text: string): AdmissionState | undefined {
  try {
    const { version, nodes, tokens, relays } = JSON.parse(text) as {
      version: unknown;
      nodes: AdmittedNode[];
      tokens: OpenToken[];
      relays: Relay[];
    };
    if (version !== 1 || !Array.isArray(relays)) return undefined;
    return {
      nodes: new Map(nodes.map((node) => [node.name, node])),
      tokens: new Map(tokens.map((token) => [token.key, token])),
      relays,
    };
  } catch {
    return undefined;
  }
}
