import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { JournalRelaying } from '../journal/journal-deps.ts';
import { wasRelayed } from '../journal/running/relayed-requests.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Edges } from '../lib/edges.ts';
import type { Incoming } from '../message/method-contract.ts';
import { RELAY_FILES } from '../message/relayed-file.ts';
import type { KeptStretch } from '../message/told-output.ts';
import { CopySource } from '../methods/copy/copy-source.ts';
import type { ErrorReporter } from '../observe/error-reports.ts';
import type { Peers } from '../outbox/peers.ts';
import type { KeptData } from '../relay/kept-data.ts';
import { replyCopies } from '../relay/reply-copies.ts';
import { createReqRelay } from '../relay/req-relay.ts';
import { createReqRelayInitial } from '../relay/req-relay-initial.ts';
import type { Store } from '../store/store.ts';
import type { AskStates } from './ask-states.ts';
import { type CancelSentDeps, cancelSent } from './cancel-sent.ts';
import type { RepliesAndReports } from './replies-and-reports.ts';

interface RelayingDeps extends Pick<Edges, 'newId'>, CancelSentDeps {
  readonly store: Pick<Store, 'get'>;
  readonly ledger: Pick<Ledger, 'has' | 'receiverOf'>;
  readonly sending: Pick<RepliesAndReports, 'cancel' | 'copies'>;
  readonly errorReporter: Pick<ErrorReporter, 'report'>;
  /** Keeps the data of what is relayed, for further targets. */
  readonly keptData?: Pick<KeptData, 'keep' | 'find'>;
}

interface RelayMethodsDeps extends Pick<Edges, 'newId' | 'files'> {
  readonly peers: Pick<Peers, 'knows'>;
  readonly asking: Pick<AskStates, 'ask'>;
}

/** The methods by which messages travel via another node. */
export function relayMethods(config: Config, { newId, files, peers, asking }: RelayMethodsDeps) {
  const folder = join(config.databaseFolder, 'copies');
  const options = {
    nodeName: config.nodeName,
    defaultAckTimeout: config.defaultMessageTimeoutSeconds,
    defaultRetries: config.defaultMessageRetries,
    keepBytes: config.relayKeepBytes,
    openSource: (path: string) => CopySource.open(path, { folder, files, id: newId() }),
    fetchesFiles: async (via: string) => {
      if (!peers.knows(via, RELAY_FILES)) await asking.ask(via);
      return peers.knows(via, RELAY_FILES);
    },
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
   * Keeps the data of what is relayed, and queues copies of the replies to relayed requests, for the nodes that asked. When it
   * rejects, the messages must not be accepted, and come again.
   *
   * The copies are on disk first and the replies are accepted then, and a copy's id follows from its reply's: after a
   * crash between the two, the reply comes again, and is not copied again.
   */
  async beforeAccepted(messages: readonly Incoming[]): Promise<void> {
    const { store, ledger, errorReporter, sending, newId, keptData } = this.#deps;
    for (const { message } of messages)
      if (message.method === 'REQRelay' && message.data?.length === 1)
        await keptData?.keep(message.fromNode, message.data[0]!);
    const { copies, faults } = replyCopies(messages, {
      nodeName: this.#nodeName,
      newId,
      wasRelayed: (key) => wasRelayed(store, key),
      ledger,
    });
    for (const { text, about } of faults) errorReporter.report(text, about);
    if (copies.length > 0) await sending.copies(copies);
  }

  /** The data of an earlier message of a node that was relayed here; undefined where it is not kept. */
  kept(sender: string, stretch: KeptStretch): Uint8Array | undefined {
    return sender === '' ? undefined : this.#deps.keptData?.find(sender, stretch);
  }

  /** Cancels a message that a request went on as: here, and at its node. */
  async cancelForwarded(id: string): Promise<void> {
    await cancelSent(this.#deps, id);
  }
}
