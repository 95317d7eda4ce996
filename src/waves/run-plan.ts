/** How a run goes from node to node. The node keeps it with the batch, and holds what has version 3. */
export interface RunPlan {
  readonly kind: 'exec';
  /** 1 and 2 (with `isTemplate`) are plans that the command itself went on with, in versions before this. */
  readonly version: 1 | 2 | 3;
  /** The names of all targets, in the order in which they have their turn. */
  readonly targets: readonly string[];
  /** The message, without its targets. */
  readonly message: Readonly<Record<string, unknown>>;
  /** How many targets at a time; null: all. */
  readonly batchSize: number | null;
  readonly batchWaitMs: number;
  /** How many may fail; with more the run stops. null: any number. */
  readonly maxErrors: number | null;
  /** How many must have succeeded before the others have their turn. */
  readonly canary: number;
  /** Whether placeholders in the message are filled in for each node. */
  readonly isTemplate?: boolean;
  /** How long to wait for somebody to be the canary, ms. */
  readonly waitMs?: number;
  /** Why no request was made for some. */
  readonly refused?: Readonly<Record<string, string>>;
  /** Who began it. */
  readonly by?: string;
  /** Whether nobody has a turn any more. */
  readonly isOver?: boolean;
  /** Why the others do not have their turn any more. */
  readonly stopped?: string;
}

/** Whether what was noted with a batch is the plan of a run that this program can go on with. */
export function isRunPlan(plan: unknown): plan is RunPlan {
  const { kind, version } = (plan ?? {}) as Partial<RunPlan>;
  return kind === 'exec' && (version === 1 || version === 2 || version === 3);
}
