import { decodeMessage } from '../../src/message/codec/decode-message.ts';
import { accept } from './accept.ts';
import { startBroker } from './broker.ts';
import type { TestScope } from './dispose-after.ts';
import { type StewardNode, startStewardNode } from './node.ts';
import { placeOf, startWireClient, type Wire, type WireClient } from './wire-client.ts';

/** A central node that sends lines to a ship1 which a client plays. */
interface Scene {
  readonly central: StewardNode;
  readonly client: WireClient;
  /** Queues lines for ship1, and returns their ids. */
  queue(count: number, more?: object): Promise<string[]>;
}

/** Starts a broker, a client on it and a central node. */
export async function startSendingScene(t: TestScope): Promise<Scene> {
  const broker = await startBroker(t);
  const client = await startWireClient(broker, t);
  const central = await startStewardNode({ name: 'central', broker }, t);
  let lines = 0;
  const queue = (count: number, more: object = {}) => {
    const place = { toNode: 'ship1', directory: 'd', fileName: 'f', ACKTimeout: 1 };
    const message = () => ({ ...place, method: 'REQToFileAppend', data: [`${++lines}\n`], ...more });
    return accept(central, Array.from({ length: count }, message));
  };
  return { central, client, queue };
}

/** The number in a line that `queue` made. */
export function lineOf({ payload, headers }: Wire): number {
  const message = decodeMessage(payload, {
    serial: headers.serial ?? '',
    cmp: headers.cmp ?? '',
    maxBytes: 1e7,
  });
  return Number(Buffer.concat(message.data ?? []).toString());
}

/** The numbers from one to another. */
export function numbers(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** How many messages to ship1 are in which state, for a node. */
export function states(node: StewardNode): Record<string, number> {
  const rows = node.query(`SELECT state, count(*) AS n FROM ledger JOIN lanes ON lanes.id = key / 4294967296
     WHERE subject LIKE 'ship1.%' GROUP BY state`);
  return Object.fromEntries(rows.map(({ state, n }) => [state, Number(n)]));
}

/** Takes lines as a node does: in order, with a gap for what comes out of turn. */
export class Receiver {
  readonly lines: number[] = [];
  readonly #client: WireClient;
  next = 1;

  constructor(client: WireClient) {
    this.#client = client;
  }

  take(wire: Wire): void {
    const { seq, floor } = placeOf(wire);
    this.next = Math.max(this.next, floor);
    if (seq > this.next) return this.#client.answer(wire, 'gap', { 'Steward-Expects': String(this.next) });
    if (seq < this.next) return this.#client.answer(wire, 'duplicate');
    this.next = seq + 1;
    this.lines.push(lineOf(wire));
    this.#client.answer(wire, 'accepted');
  }
}
