/** One process of a node, as operators see it. */
export interface ProcessEntry {
  readonly kind: 'subscriber' | 'publisher';
  readonly id: number;
  /** The subject that it works on; its name in lists. */
  readonly subject: string;
  /** The first part of the subject: a subscriber's own node, or where a publisher sends to. */
  readonly node: string;
  readonly method: string;
}

/** What the op methods need of the node's processes. */
export interface NodeProcesses {
  list(): readonly ProcessEntry[];
  /** Subscribes to a method; rejects with a sentence when it can't. */
  startSubscriber(method: string): Promise<ProcessEntry>;
  /** Stops the process with this id; rejects with a sentence when it can't. */
  stop(id: number): Promise<void>;
}
