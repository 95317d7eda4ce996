import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { JournalRelaying } from '../journal/journal-deps.ts';
import { wasRelayed } from '../journal/running/relayed-requests.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Edges } from '../lib/edges.ts';
import type { Incoming } from '../message/method-contract.ts';
import type { ErrorReporter } from '../observe/error-reports.ts';
import type { Undelivered } from '../outbox/ends/cancel-queued.ts';
import { replyCopies } from '../relay/reply-copies.ts';
import { createReqRelay } from '../relay/req-relay.ts';
import { createReqRelayInitial } from '../relay/req-relay-initial.ts';
import type { Store } from '../store/store.ts';
import { CANCELLED_HERE } from './cancel-requests.ts';
import type { RepliesAndReports } from './replies-and-reports.ts';

interface RelayingDeps extends Pick<Edges, 'newId'> {
  readonly store: Pick<Store, 'get'>;
  readonly ledger: Pick<Ledger, 'has' | 'receiverOf'>;
  readonly undelivered: Pick<Undelivered, 'cancel'>;
  readonly sending: Pick<RepliesAndReports, 'cancel' | 'copies'>;
  readonly errorReporter: Pick<ErrorReporter, 'report'>;
}

/** The methods by which messages travel via another node. */
export function createRelayMethods(config: Config) {
  const options = {
    nodeName: config.nodeName,
    defaultAckTimeout: config.defaultMessageTimeoutSeconds,
    defaultRetries: config.defaultMessageRetries,
    copiesFolder: join(config.databaseFolder, 'copies'),
  };
  return [createReqRelayInitial(options), createReqRelay(options)];
}

/** Follows requests that go on to other nodes: their replies are copied, and who calls one off ends it there too. */
export class Relaying implements JournalRelaying {
  readonly #nodeName: string;
  readonly #deps: RelayingDeps;

  constructor(config: Config, deps: RelayingDeps) {
    this.#nodeName = config.nodeName;
    this.#deps = deps;
  }

  /**
   * Queues copies of the replies to relayed requests, for the nodes that asked. When it rejects, the replies must not
   * be accepted, and come again.
   *
   * The copies are on disk first and the replies are accepted then, and a copy's id follows from its reply's: after a
   * crash between the two, the reply comes again, and is not copied again.
   */
  async beforeAccepted(replies: readonly Incoming[]): Promise<void> {
    const { store, ledger, errorReporter, sending, newId } = this.#deps;
    const { copies, faults } = replyCopies(replies, {
      nodeName: this.#nodeName,
      newId,
      wasRelayed: (key) => wasRelayed(store, key),
      wasQueued: (id) => ledger.has(id),
    });
    for (const { text, about } of faults) errorReporter.report(text, about);
    if (copies.length > 0) await sending.copies(copies);
  }

  /** Cancels a message that a request went on as: here, and at its node. */
  async cancelForwarded(id: string): Promise<void> {
    const { ledger, undelivered, sending } = this.#deps;
    const toNode = ledger.receiverOf(id);
    if (toNode !== undefined) await sending.cancel(toNode, [id]);
    await undelivered.cancel({ id }, CANCELLED_HERE);
  }
}
