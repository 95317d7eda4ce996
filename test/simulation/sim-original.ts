import { decodeMessage } from '../../src/message/codec/decode-message.ts';
import { encodeMessage } from '../../src/message/codec/encode-message.ts';
import { HEADER } from '../../src/message/codec/wire-headers.ts';
import { type Message, newMessage } from '../../src/message/message.ts';
import { kindOf } from '../../src/message/subject.ts';
import { referenceReply } from '../support/reference-reply.ts';
import type { Chance } from './chance.ts';
import { Connection, type Frame, Link, type SimBroker } from './sim-broker.ts';
import { readWork, workArgs } from './sim-commands.ts';
import type { Timeline } from './timeline.ts';

const METHODS = ['REQCliCommand', 'REQToFileAppend', 'REQPing'];
const RETRY_MS = 2000;
/** How often it sends a reply that nobody answers. */
const ATTEMPTS = 5;
const MAX_BYTES = 1024 * 1024;

interface OriginalDeps {
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly broker: SimBroker;
}

/**
 * A node of the original program: it answers before it does anything, knows no lanes, does again what comes again, and
 * gives up a reply after some attempts. Nothing that it does is on a disk.
 */
export class SimOriginal {
  readonly name: string;
  readonly link = new Link();
  /** The tokens of what it took, as often as it did. */
  readonly taken: string[] = [];
  /** What it asked for, and other nodes have confirmed. */
  readonly confirmed: { token: string; toNode: string; isCommand: boolean; at: number }[] = [];
  #sent = 0;
  readonly #deps: OriginalDeps;
  #connection: Connection | undefined;
  /** Which of its lives this is: what an earlier one began goes nowhere. */
  #life = 0;
  #downUntil = 0;
  #isOver = false;
  #attempts = 0;

  constructor(name: string, deps: OriginalDeps) {
    this.name = name;
    this.#deps = deps;
    this.#connect();
  }

  /** Asks another node for something: every other time for a command. */
  send(toNode: string, token: string): void {
    const isCommand = ++this.#sent % 2 === 0;
    const { timeline, chance } = this.#deps;
    const work = { token, ms: Math.round(chance.spread(5, 2000)), exitCode: 0, bytes: 10 };
    const about = isCommand
      ? { method: 'REQCliCommand' as const, methodArgs: workArgs(work), fileName: 'of-old' }
      : {
          method: 'REQToFileAppend' as const,
          data: [Buffer.from(`${token} \n`)],
          fileName: `by-${this.name}`,
        };
    const message = newMessage({
      ...{ toNode, fromNode: this.name, ackTimeout: 5, retries: ATTEMPTS, methodTimeout: 20 },
      ...{ replyMethod: 'REQToFileAppend', directory: isCommand ? 'replies' : 'asked', ...about },
    });
    timeline.note(`${this.name} is asked for ${token}>${toNode}`);
    const at = timeline.now;
    this.#deliver(message, ATTEMPTS, () => this.confirmed.push({ token, toNode, isCommand, at }));
  }

  /** It ends, and what it had to send with it; it comes back after a while. */
  crash(downMs: number): void {
    const { timeline, broker } = this.#deps;
    timeline.note(`${this.name} crashes`);
    this.#life++;
    this.#downUntil = timeline.now + downMs;
    broker.cut(this.link, 0);
  }

  end(): void {
    this.#isOver = true;
  }

  #connect(): void {
    const { timeline, chance, broker } = this.#deps;
    if (this.#isOver) return;
    if (!broker.canConnect(this.link) || timeline.now < this.#downUntil)
      return void timeline.after(RETRY_MS, () => this.#connect());
    const connection = new Connection(this.link, { timeline, chance }, () => {
      this.#connection = undefined;
      timeline.after(RETRY_MS, () => this.#connect());
    });
    broker.add(connection);
    this.#connection = connection;
    for (const method of METHODS)
      connection.toBroker(() =>
        broker.subscribe(connection, `${this.name}.${method}.${kindOf(method)}`, (frame) =>
          this.#take(frame),
        ),
      );
  }

  #take({ payload, headers, reply }: Frame): void {
    const { timeline } = this.#deps;
    const message = read(payload, headers);
    if (!message) return timeline.note(`${this.name} cannot read a message`);
    if (reply !== '') this.#publish(reply, Buffer.from(`confirmed from: ${this.name}: 0`));
    if (message.method === 'REQPing') return;
    if (message.method === 'REQToFileAppend') return this.#note(tokenOf(message.data?.[0]));
    const work = readWork(message);
    const life = this.#life;
    this.#note(work.token);
    timeline.after(work.ms, () => {
      if (life !== this.#life) return;
      const answer = referenceReply(message, [Buffer.from(`${work.token}${'.'.repeat(work.bytes)}\n`)]);
      if (answer) this.#deliver(answer, ATTEMPTS);
    });
  }

  #note(token: string): void {
    this.#deps.timeline.note(`${this.name} takes ${token}`);
    this.taken.push(token);
  }

  /**
   * Sends a message, and again until any answer comes. Each attempt has a reply subject of its own, which no original node
   * has: so the answer to one is not taken for that to another.
   */
  #deliver(message: Message, attempts: number, onConfirmed = () => {}): void {
    const { timeline, broker } = this.#deps;
    if (this.#isOver || attempts === 0) return;
    const life = this.#life;
    const subject = `${message.toNode}.${message.method}.${kindOf(message.method)}`;
    const { payload } = encodeMessage(message, { serialization: '', compression: '' });
    const connection = this.#connection;
    let isAnswered = false;
    const reply = `${subject}.reply.${++this.#attempts}`;
    let id: number | undefined;
    connection?.toBroker(() => {
      id = broker.subscribe(connection, reply, ({ noResponders, headers }) => {
        if (noResponders || isAnswered) return;
        isAnswered = true;
        if (headers[HEADER.status] !== 'rejected') onConfirmed();
      });
    });
    this.#publish(subject, payload, reply);
    timeline.after((message.ackTimeout || 10) * 1000, () => {
      if (id !== undefined) connection?.interests.delete(id);
      if (!isAnswered && life === this.#life) this.#deliver(message, attempts - 1, onConfirmed);
    });
  }

  #publish(subject: string, payload: Uint8Array, reply = ''): void {
    const connection = this.#connection;
    connection?.toBroker(() =>
      this.#deps.broker.publish(connection, { subject, reply, payload, headers: {} }),
    );
  }
}

/** Undefined for what it cannot read, such as a part of a message. */
function read(payload: Uint8Array, headers: Frame['headers']): Message | undefined {
  try {
    return decodeMessage(payload, {
      serial: headers.serial ?? '',
      cmp: headers.cmp ?? '',
      maxBytes: MAX_BYTES,
    });
  } catch {
    return undefined;
  }
}

function tokenOf(data: Uint8Array | undefined): string {
  return Buffer.from(data ?? [])
    .toString()
    .split(' ', 1)[0]!;
}
