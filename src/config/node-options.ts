/** What a node is told besides its configuration. */
export interface NodeOptions {
  readonly version: string;
  /** The environment that commands inherit. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the log goes to a terminal. */
  readonly isTerminal: boolean;
  /** Where REQToConsole prints; resolves when it is printed. */
  stdout(bytes: Uint8Array): Promise<void>;
}
