import {
  type Authenticator,
  connect,
  headers,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
} from '@nats-io/transport-node';
import { decodeMessage } from '../../src/message/codec/decode-message.ts';
import { encodeMessage } from '../../src/message/codec/encode-message.ts';
import type { Kind } from '../../src/message/kind.ts';
import type { Message } from '../../src/message/message.ts';
import { disposeAfter, type TestScope } from './dispose-after.ts';
import { type CommandEnd, runAsReference } from './reference-command.ts';
import { referenceReply } from './reference-reply.ts';
import { waitFor } from './wait-for.ts';

const COMMANDS = ['REQInitial', 'REQOpProcessList', 'REQOpProcessStart', 'REQOpProcessStop', 'REQCliCommand'];
const COMMAND_METHODS = new Set([...COMMANDS, 'REQCliCommandCont']);
const DEFAULT_ACK_TIMEOUT_S = 10;
const MAX_BYTES = 64 * 1024 * 1024;

/** What the peer does about an answer: send it, never send it, or send it after a time. */
export type AckChoice = 'send' | 'lose' | { readonly delayMs: number };

interface ReferencePeerOptions {
  /** The peer's node name. */
  readonly node: string;
  readonly broker: { readonly url: string };
  /** How it signs in, where the broker asks for that. */
  readonly authenticator?: Authenticator;
  /** The methods that it subscribes; REQCliCommand, REQToFileAppend and REQToFile unless told. */
  readonly methods?: readonly string[];
  /** What it writes; gob, the reference's default, unless told. It reads everything. */
  readonly serialization?: 'gob' | 'cbor';
  readonly compression?: '' | 'z' | 'g';
  /** Decides for each message that it got; sends every answer unless told. */
  readonly ack?: (received: Received) => AckChoice;
  /** Runs each REQCliCommand it gets and sends the reply, as the reference does; true unless told. */
  readonly runsCommands?: boolean;
  /** What else it does about a message that it got and answered. */
  readonly acts?: (received: Received) => void;
}

/** A message as it came in. */
export interface Received {
  readonly subject: string;
  /** The reply subject that it carried, '' where it had none. */
  readonly replySubject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly message: Message;
  readonly payload: Uint8Array;
}

/** How a publication ended: how often it was sent, and the text that answered it, if any did. */
export interface Published {
  readonly attempts: number;
  readonly answer: string | undefined;
  /** Headers of the answer: a program that answers a reference node need not set any. */
  readonly answerHeaders: Readonly<Record<string, string>>;
}

/** Starts a stand-in for a node of the reference, which speaks its bytes over the real broker. */
export async function startReferencePeer(
  options: ReferencePeerOptions,
  scope?: TestScope,
): Promise<ReferencePeer> {
  const connection = await connect({
    servers: options.broker.url,
    ...(options.authenticator && { authenticator: options.authenticator }),
    reconnectTimeWait: 100,
    maxReconnectAttempts: -1,
  });
  const peer = disposeAfter(scope, new ReferencePeer(options, connection));
  await connection.flush();
  return peer;
}

/** A stand-in for a reference node: answers without headers, knows no lanes, resends when no answer comes. */
export class ReferencePeer implements AsyncDisposable {
  /** Everything that it got, in order. */
  readonly received: Received[] = [];
  /** What went wrong in the peer itself, such as a payload that it cannot decode. */
  readonly faults: Error[] = [];
  /** The commands that it has run or still runs, in the order of their start. */
  readonly commands: { readonly request: Message; end?: CommandEnd }[] = [];
  readonly #options: ReferencePeerOptions;
  readonly #connection: NatsConnection;
  /** The reference sends one message of a subject at a time. */
  readonly #lanes = new Map<string, Promise<unknown>>();
  #isClosed = false;

  constructor(options: ReferencePeerOptions, connection: NatsConnection) {
    this.#options = options;
    this.#connection = connection;
    for (const method of options.methods ?? ['REQCliCommand', 'REQToFileAppend', 'REQToFile']) {
      // Any node may collect errors; each confirms them under its own name.
      const name = method === 'REQErrorLog' ? 'errorCentral' : options.node;
      connection.subscribe(`${name}.${method}.${referenceKind(method)}`, {
        callback: (error, msg) => {
          if (error === null) this.#take(msg);
          else this.faults.push(error);
        },
      });
    }
  }

  /** The messages of one method, in the order in which they came. */
  messages(method: string): Message[] {
    return this.received.filter(({ message }) => message.method === method).map(({ message }) => message);
  }

  /** Waits until it has got a message that passes, and returns it. */
  waitFor(
    description: string,
    isWanted: (received: Received) => boolean,
    timeoutMs?: number,
  ): Promise<Received> {
    return waitFor(description, () => this.received.find(isWanted), { timeoutMs });
  }

  /**
   * Sends a message as a reference publisher does: reply subject `<subject>.reply`, any text that comes there is
   * its answer, sent again after each ACKTimeout, `retries` times at most (0 is without end). Never waits for an
   * answer to a NACK kind. `options.ackTimeoutMs` shortens the wait for tests; `subject` makes a wrong one possible.
   */
  publish(message: Message, options: { ackTimeoutMs?: number; subject?: string } = {}): Promise<Published> {
    const subject = options.subject ?? `${message.toNode}.${message.method}.${referenceKind(message.method)}`;
    const before = this.#lanes.get(subject) ?? Promise.resolve();
    const sent = before
      .catch(() => undefined)
      .then(() => this.#deliver(subject, message, options.ackTimeoutMs));
    this.#lanes.set(subject, sent);
    return sent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#connection.close();
  }

  async #deliver(subject: string, message: Message, ackTimeoutMs?: number): Promise<Published> {
    const { payload, headers: wireHeaders } = this.#encode(message);
    const reply = `${subject}.reply`;
    if (subject.endsWith('NACK')) {
      this.#connection.publish(subject, payload, { reply, headers: wireHeaders });
      return { attempts: 1, answer: undefined, answerHeaders: {} };
    }
    const timeoutMs = ackTimeoutMs ?? (message.ackTimeout || DEFAULT_ACK_TIMEOUT_S) * 1000;
    for (let attempts = 1; ; attempts++) {
      const answer = await this.#sendOnce({ subject, reply, payload, headers: wireHeaders, timeoutMs });
      const isLast = (message.retries > 0 && attempts >= message.retries) || this.#isClosed;
      if (answer === undefined && !isLast) continue;
      return { attempts, answer: answer?.string(), answerHeaders: plain(answer?.headers) };
    }
  }

  #sendOnce(o: Attempt): Promise<Msg | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return resolve(undefined);
      const subscription = this.#connection.subscribe(o.reply, {
        max: 1,
        timeout: o.timeoutMs,
        callback: (error, msg) => {
          if (error === null) return resolve(msg);
          subscription.unsubscribe();
          if (error.name === 'TimeoutError') resolve(undefined);
          else reject(error);
        },
      });
      this.#connection.publish(o.subject, o.payload, { reply: o.reply, headers: o.headers });
    });
  }

  #encode(message: Message): { payload: Uint8Array; headers: MsgHdrs } {
    const { serialization = 'gob', compression = '' } = this.#options;
    const encoded = encodeMessage(message, { serialization, compression });
    const wireHeaders = headers();
    if (encoded.serial !== '') wireHeaders.set('serial', encoded.serial);
    if (encoded.cmp !== '') wireHeaders.set('cmp', encoded.cmp);
    return { payload: encoded.payload, headers: wireHeaders };
  }

  #take(msg: Msg): void {
    try {
      const received = read(msg);
      this.received.push(received);
      this.#answer(msg, this.#options.ack?.(received) ?? 'send');
      const runs = this.#options.runsCommands !== false && received.message.method === 'REQCliCommand';
      this.#options.acts?.(received);
      if (runs) void this.#runCommand(received.message).catch((error: Error) => this.faults.push(error));
    } catch (error) {
      this.faults.push(error as Error);
    }
  }

  #answer(msg: Msg, choice: AckChoice): void {
    if (choice === 'lose' || msg.subject.endsWith('NACK') || !msg.reply) return;
    const send = (): void => {
      if (!this.#isClosed)
        this.#connection.publish(msg.reply!, `confirmed from: ${this.#options.node.replace('*.', '')}: 0`);
    };
    if (choice === 'send') send();
    else setTimeout(send, choice.delayMs).unref();
  }

  async #runCommand(request: Message): Promise<void> {
    const command: { request: Message; end?: CommandEnd } = { request };
    this.commands.push(command);
    const end = await runAsReference(request.methodArgs ?? [], request.methodTimeout || 10);
    command.end = end;
    if (this.#isClosed) return;
    // The reference answers a time-out with nothing, and sends the output of a failed command none the less.
    if (end.timedOut) return;
    const reply = referenceReply(request, [end.stdout]);
    if (reply !== undefined) await this.publish(reply);
  }
}

interface Attempt {
  readonly subject: string;
  readonly reply: string;
  readonly payload: Uint8Array;
  readonly headers: MsgHdrs;
  readonly timeoutMs: number;
}

/** The kind that the reference gives a method: what its subject ends in. */
export function referenceKind(method: string): Kind {
  if (COMMAND_METHODS.has(method)) return 'CommandACK';
  return method === 'REQHello' ? 'EventNACK' : 'EventACK';
}

function read(msg: Msg): Received {
  const wireHeaders = plain(msg.headers);
  const message = decodeMessage(msg.data, {
    serial: wireHeaders.serial ?? '',
    cmp: wireHeaders.cmp ?? '',
    maxBytes: MAX_BYTES,
  });
  const { subject, reply = '' } = msg;
  return { subject, replySubject: reply, headers: wireHeaders, message, payload: Uint8Array.from(msg.data) };
}

function plain(wireHeaders: MsgHdrs | undefined): Record<string, string> {
  return Object.fromEntries((wireHeaders?.keys() ?? []).map((key) => [key, wireHeaders!.get(key)]));
}
