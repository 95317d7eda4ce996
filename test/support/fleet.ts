import assert from 'node:assert/strict';
import { type Broker, startBroker } from './broker.ts';
import type { TestScope } from './dispose-after.ts';
import { type StewardNode, startStewardNode } from './node.ts';
import { shared } from './shared.ts';
import { waitFor } from './wait-for.ts';

type Flags = Readonly<Record<string, string | number | boolean>>;

interface FleetOptions {
  /** More lines for the broker's config file. */
  readonly brokerConfig?: string;
  readonly centralFlags?: Flags;
  readonly shipFlags?: Flags;
}

/** Flags with which a node finds a broker that is back within about a second. */
export const FAST_RECONNECT = { natsConnectRetryInterval: 1, natsReconnectJitter: 0 } as const;

/** Starts a broker, central and ship1. */
export async function startFleet(
  scope: TestScope,
  options: FleetOptions = {},
): Promise<{ broker: Broker; central: StewardNode; ship1: StewardNode }> {
  const broker = await startBroker(scope, { config: options.brokerConfig });
  const [central, ship1] = await Promise.all([
    startStewardNode(
      { name: 'central', broker, flags: { ...FAST_RECONNECT, ...options.centralFlags } },
      scope,
    ),
    startStewardNode({ name: 'ship1', broker, flags: { ...FAST_RECONNECT, ...options.shipFlags } }, scope),
  ]);
  return { broker, central, ship1 };
}

/** A fleet for all tests of a file that leave one another alone: see `shared`. */
export function sharedFleet(options?: FleetOptions) {
  return shared((scope) => startFleet(scope, options));
}

/** Submits messages that must all be accepted, and returns their ids in the order of the messages. */
export async function submitAll(node: StewardNode, messages: object | object[]): Promise<string[]> {
  const answer = await node.submit(messages);
  assert.deepEqual(answer.refused, []);
  const accepted = answer.accepted as { index: number; id: string }[];
  return accepted.toSorted((a, b) => a.index - b.index).map(({ id }) => id);
}

/** What the node's ledger holds of a message. */
export function ledgerRow(node: StewardNode, id: string): Record<string, unknown> | undefined {
  const columns = 'key, id, state, queued_at, sent_at, accepted_at, started_at, ended_at, attempts, reason';
  const sql = `SELECT ${columns}, exit_code, signal, stderr_tail, output_bytes FROM ledger WHERE id = ?`;
  return node.query(sql, id)[0];
}

/** Waits until the node's ledger knows how a message ended, and returns its row. */
export function waitForEnd(
  node: StewardNode,
  id: string,
  timeoutMs?: number,
): Promise<Record<string, unknown>> {
  const look = () => {
    const row = ledgerRow(node, id);
    if (row?.ended_at == null) throw new Error(`the row is ${JSON.stringify(row)}`);
    return row;
  };
  return waitFor(`${id} to end`, look, { timeoutMs });
}

/** Waits until a message of the node is in a state, whether that is its end or not. */
export function waitForState(
  node: StewardNode,
  id: string,
  state: string,
  timeoutMs?: number,
): Promise<Record<string, unknown>> {
  const look = () => {
    const row = ledgerRow(node, id);
    if (row?.state !== state) throw new Error(`the row is ${JSON.stringify(row)}`);
    return row;
  };
  return waitFor(`${id} to be ${state}`, look, { timeoutMs });
}

/** The rows of all that a node ever sent on a subject, in the order in which it was queued. */
export function sentOn(node: StewardNode, subject: string): Record<string, unknown>[] {
  return node.query(
    `SELECT ledger.* FROM ledger JOIN lanes ON lanes.id = ledger.key / 4294967296
     WHERE lanes.subject = ? ORDER BY ledger.id`,
    subject,
  );
}

/** The lines of errorLog on a central node. */
export function errorLog(central: StewardNode): Promise<string> {
  return central.file('errorLog/errorCentral/error.log');
}
