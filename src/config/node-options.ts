/** What one look at a node's surroundings showed. */
interface Found {
  readonly check: string;
  readonly verdict: 'ok' | 'warn' | 'fail';
  readonly text: string;
  readonly advice?: string;
}

/** What a node is told besides its configuration. */
export interface NodeOptions {
  readonly version: string;
  /** The environment that commands inherit. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the log goes to a terminal. */
  readonly isTerminal: boolean;
  /** Looks at what the node needs, as `steward doctor` does. */
  examine(): Promise<readonly Found[]>;
  /** Where REQToConsole prints; resolves when it is printed. */
  stdout(bytes: Uint8Array): Promise<void>;
}
