import { join, resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import { isEnd, type RequestState } from '../contract/states.ts';
import type { Edges } from '../lib/edges.ts';
import { newMessage } from '../message/message.ts';
import { type RelayedFile, writeFetch } from '../message/relayed-file.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { RelayedFiles } from '../relay/relayed-files.ts';
import type { Store } from '../store/store.ts';
import { type CancelSentDeps, cancelSent } from './cancel-sent.ts';
import { ownOutgoing } from './outgoing-message.ts';

interface Parts extends CancelSentDeps, Edges {
  readonly store: Pick<Store, 'get'>;
  readonly outbox: Pick<Outbox, 'enqueue'>;
}

/** The files that this node relays, which it asks their nodes for with requests of its own. */
export function createRelayedFiles(config: Config, parts: Parts): RelayedFiles {
  const { clock, files, store } = parts;
  const { nodeName, relayKeepBytes: maxBytes } = config;
  const sql = 'SELECT state, reason FROM ledger WHERE id = ?';
  return new RelayedFiles(resolve(join(config.databaseFolder, 'relayed-files')), {
    ...{ maxBytes, clock, files },
    fetch: async (sender: string, { source, size, request: re }: RelayedFile, target: string) => {
      const message = newMessage({
        ...{ toNode: sender, fromNode: nodeName, method: 'REQCopyFileFrom', replyMethod: 'REQNone' },
        methodArgs: writeFetch({ source, node: nodeName, target, re, size }),
        ackTimeout: config.defaultMessageTimeoutSeconds,
      });
      const outgoing = ownOutgoing(message, config, { id: parts.newId() });
      await parts.outbox.enqueue([outgoing]);
      return outgoing.id;
    },
    stateOf: (id) => {
      const row = store.get<{ state: RequestState; reason: string | null }>(sql, id);
      return row && { state: row.state, reason: row.reason ?? '', isOpen: !isEnd(row.state) };
    },
    cancel: (id) => cancelSent(parts, id),
  });
}
