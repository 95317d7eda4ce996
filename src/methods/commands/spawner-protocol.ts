import type { ProcessStart } from './started-process.ts';

/** What the node asks of its spawner: to start one command. */
export interface SpawnOrder extends ProcessStart {
  readonly id: number;
}

/**
 * What the spawner says: first that it is ready; of each order that it was started or why not; then how the
 * command ended. A signal is sent by its name.
 */
export type SpawnerAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'started'; readonly id: number; readonly pid: number }
  | { readonly kind: 'refused'; readonly id: number; readonly error: SpawnFault }
  | {
      readonly kind: 'ended';
      readonly id: number;
      readonly exitCode: number | null;
      readonly signal: NodeJS.Signals | null;
    };

/** A system error, as it crosses between processes. */
export interface SpawnFault {
  readonly message: string;
  readonly code?: string;
  readonly syscall?: string;
}
