import type { SendWindow } from '../../link/send-window.ts';
import type { Bringers } from './kept-data.ts';

/** What is known of the node at the other end, shared by all lanes to it. */
export interface Peer {
  /** What may be on its way to it. */
  readonly window: SendWindow;
  /** What brings it data that other messages leave out. */
  readonly bringers: Bringers;
  /** Undefined until it has answered; a reference node does not speak lanes. */
  speaksLanes: boolean | undefined;
  /** Whether it has named words, in a hello or an answer: only nodes that speak lanes do. */
  readonly hasWords: boolean;
}
