import { addFormatHeaders, formatOf } from '../message/body-format.ts';
import { HEADER } from '../message/wire-headers.ts';
import type { Entry, LaneWindow } from './lane-window.ts';
import type { Answer, Transport } from './outbox-deps.ts';

/** The largest piece of a message that is sent in parts, bytes. */
const PART_BYTES = 256 * 1024;
/** Room for subject and headers within what the broker takes, bytes. */
const HEADER_ROOM = 2048;

/**
 * Puts a lane's messages on the wire, and listens where their answers come.
 *
 * All messages of one generation share a reply subject, so that the receiver can answer many at once. A new
 * generation begins whenever sending starts over: answers to an older one no longer say anything about order.
 */
export class LaneSender {
  readonly #options: { readonly subject: string; readonly nodeName: string; readonly instance: string };
  readonly #transport: Transport;
  #generation = 0;
  #isFallback = false;
  #subscription: Disposable | undefined;

  constructor(options: { subject: string; nodeName: string; instance: string }, transport: Transport) {
    this.#options = options;
    this.#transport = transport;
  }

  get isListening(): boolean {
    return this.#subscription !== undefined;
  }

  /**
   * Subscribes to the answers: under a subject of its own, or, where the broker refuses that, under the one that
   * all senders share. Throws the bus's error where both are refused.
   */
  async listen(handler: (answer: Answer) => void): Promise<void> {
    const { subject, nodeName } = this.#options;
    const own = this.#transport.subscribe(`${subject}.reply.${nodeName}.*`, handler);
    try {
      await own.ready();
      this.#subscription = own;
      this.#isFallback = false;
      return;
    } catch {
      own[Symbol.dispose]();
    }
    const shared = this.#transport.subscribe(`${subject}.reply`, handler);
    try {
      await shared.ready();
      this.#subscription = shared;
      this.#isFallback = true;
    } catch (error) {
      shared[Symbol.dispose]();
      throw error;
    }
  }

  silence(): void {
    this.#subscription?.[Symbol.dispose]();
    this.#subscription = undefined;
  }

  newGeneration(): void {
    this.#generation++;
  }

  /**
   * The generation that an answer belongs to; undefined where it is not ours. Answers on the shared subject are
   * ours when they name a message that is on its way, or, from a reference node, when nothing contradicts it.
   */
  generationOf(answer: Answer, window: LaneWindow): number | undefined {
    if (this.#isFallback) {
      if (answer.noResponders) return this.#generation;
      const id = answer.header(HEADER.id);
      const isOurs =
        id === undefined ? answer.header(HEADER.status) === undefined : window.findById(id) !== undefined;
      return isOurs ? this.#generation : undefined;
    }
    const [instance, generation] = answer.subject.slice(answer.subject.lastIndexOf('.') + 1).split('-');
    const isOurs = instance === this.#options.instance && Number(generation) <= this.#generation;
    return isOurs ? Number(generation) : undefined;
  }

  get generation(): number {
    return this.#generation;
  }

  /**
   * How many pieces the broker's limit asks for. A message with a schedule goes in two at least: a node that does not
   * know schedules would run it once, and can do nothing with a piece.
   */
  partsOf(entry: Entry): number {
    const limit = this.#transport.maxPayload - HEADER_ROOM;
    const isWhole = entry.body.length <= limit && entry.schedule === null;
    return isWhole ? 1 : Math.ceil(entry.body.length / this.#partBytes(entry));
  }

  /** The size of piece `part` (from 0) of `parts`, bytes. */
  bytesOfPart(entry: Entry, part: number, parts: number): number {
    if (parts === 1) return entry.body.length;
    const size = this.#partBytes(entry);
    return Math.min(size, entry.body.length - part * size);
  }

  /** Sends piece `part` (from 0) of an entry; false where there is no connection. */
  send(entry: Entry, place: { epoch: string; floor: number; part: number; parts: number }): boolean {
    const { subject, nodeName, instance } = this.#options;
    const { part, parts } = place;
    const headers: Record<string, string> = {};
    addFormatHeaders(headers, formatOf(entry.format));
    headers[HEADER.id] = entry.id;
    headers[HEADER.lane] = `${place.epoch}/${entry.seq}/${place.floor}`;
    if (entry.expiresAt !== null) headers[HEADER.notAfter] = String(entry.expiresAt);
    if (entry.schedule !== null) headers[HEADER.schedule] = entry.schedule;
    if (entry.output !== null) headers[HEADER.output] = entry.output;
    let payload = entry.body;
    if (parts > 1) {
      headers[HEADER.part] = `${part + 1}/${parts}`;
      const start = part * this.#partBytes(entry);
      payload = entry.body.subarray(start, start + this.#partBytes(entry));
    }
    const reply = this.#isFallback
      ? `${subject}.reply`
      : `${subject}.reply.${nodeName}.${instance}-${this.#generation}`;
    return this.#transport.publish(subject, payload, { reply, headers });
  }

  #partBytes({ body, schedule }: Entry): number {
    const most = Math.max(1024, Math.min(PART_BYTES, this.#transport.maxPayload - HEADER_ROOM));
    return schedule === null ? most : Math.min(most, Math.ceil(body.length / 2));
  }
}

/** Why a message that goes in pieces cannot be for a node that does not put them together. */
export function partsRefusal({ schedule, body }: Entry, toNode: string, maxPayload: number): string {
  if (schedule !== null)
    return `it has a schedule, and ${toNode} is an original node, which keeps none: it would run it once`;
  return `its ${body.length} bytes are more than the broker takes at once (${maxPayload}), and ${toNode} does not put parts together`;
}
