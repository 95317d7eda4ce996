/** What a run does beside submitting all at once. All that is needed to go on with it is noted with its batch. */
export interface RunPlan {
  readonly kind: 'exec';
  readonly version: 1;
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
  /** Why the others do not have their turn any more. */
  readonly stopped?: string;
}

/** Whether what was noted with a batch is the plan of a run that this program can go on with. */
export function isRunPlan(plan: unknown): plan is RunPlan {
  const { kind, version } = (plan ?? {}) as Partial<RunPlan>;
  return kind === 'exec' && version === 1;
}
