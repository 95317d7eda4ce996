import { connect, createInbox, headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { v7 as uuidV7 } from 'uuid';
import { encodeMessage } from '../../src/message/codec/encode-message.ts';
import { type Message, newMessage } from '../../src/message/message.ts';
import { kindOf } from '../../src/message/subject.ts';
import { disposeAfter, type TestScope } from './dispose-after.ts';
import { waitFor } from './wait-for.ts';

/** A message as it is on the wire, in either direction. */
export interface Wire {
  readonly subject: string;
  readonly reply: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Uint8Array;
}

interface Sending {
  /** What is sent; `payload` and `subject` win over what is made of it. */
  readonly message?: Message;
  readonly payload?: Uint8Array | string;
  readonly subject?: string;
  readonly reply?: string;
  readonly id?: string;
  /** The text of the header Steward-Lane. */
  readonly lane?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

type ConnectOptions = Parameters<typeof connect>[0];

/** Connects a client that speaks the wire's bytes by hand. */
export async function startWireClient(
  broker: { readonly url: string },
  scope?: TestScope,
  options: ConnectOptions = {},
): Promise<WireClient> {
  const connection = await connect({
    servers: broker.url,
    reconnectTimeWait: 100,
    maxReconnectAttempts: -1,
    ...options,
  });
  return disposeAfter(scope, new WireClient(connection));
}

/** A client that sends and sees single messages with all their headers. */
export class WireClient implements AsyncDisposable {
  readonly connection: NatsConnection;

  constructor(connection: NatsConnection) {
    this.connection = connection;
  }

  /** Gathers all that comes on a subject from now on; `onMessage` may answer it. */
  async gather(subject: string, onMessage?: (wire: Wire) => void): Promise<Wire[]> {
    const gathered: Wire[] = [];
    this.connection.subscribe(subject, {
      callback: (error, msg) => {
        if (error) throw error;
        const wire = {
          subject: msg.subject,
          reply: msg.reply ?? '',
          headers: plain(msg.headers),
          payload: Uint8Array.from(msg.data),
        };
        gathered.push(wire);
        onMessage?.(wire);
      },
    });
    await this.connection.flush();
    return gathered;
  }

  /** Sends a message; the id is a new one unless told. */
  send(sending: Sending): void {
    const { message } = sending;
    const all = headers();
    const encoded = message && encodeMessage(message, { serialization: 'cbor', compression: '' });
    if (encoded?.serial && sending.payload === undefined) all.set('serial', encoded.serial);
    if (sending.lane !== undefined) {
      all.set('Nats-Msg-Id', sending.id ?? uuidV7());
      all.set('Steward-Lane', sending.lane);
    }
    for (const [name, value] of Object.entries(sending.headers ?? {})) all.set(name, value);
    const subject = sending.subject ?? `${message!.toNode}.${message!.method}.${kindOf(message!.method)}`;
    this.connection.publish(subject, sending.payload ?? encoded?.payload, {
      ...(sending.reply ? { reply: sending.reply } : {}),
      headers: all,
    });
  }

  /** Sends a message and returns the first answer to it, which comes on a reply subject of its own. */
  async ask(sending: Sending): Promise<Wire> {
    const reply = createInbox();
    const answers = await this.gather(reply);
    this.send({ ...sending, reply });
    const about = JSON.stringify({ ...sending, message: undefined, payload: undefined });
    return waitFor(`an answer to ${about}`, () => answers[0]);
  }

  /** Answers a message as a node does that speaks lanes. */
  answer(wire: Wire, status: string, more: Readonly<Record<string, string>> = {}): void {
    const all = headers();
    all.set('Steward-Status', status);
    all.set('Steward-Range', `${placeOf(wire).seq}-${placeOf(wire).seq}`);
    if (wire.headers['Nats-Msg-Id']) all.set('Nats-Msg-Id', wire.headers['Nats-Msg-Id']);
    for (const [name, value] of Object.entries(more)) all.set(name, value);
    this.connection.publish(wire.reply, confirmation(wire), { headers: all });
  }

  /** Answers a message as the reference does. */
  answerPlainly(wire: Wire): void {
    this.connection.publish(wire.reply, confirmation(wire));
  }

  /** Tells a node that another one is there, as a node of its own kind does, or as the reference (no header). */
  hello(toNode: string, fromNode: string, options: { speaksLanes?: boolean } = {}): void {
    const message = newMessage({
      toNode,
      fromNode,
      method: 'REQHello',
      data: [Buffer.from(`Hello from ${fromNode}\n`)],
      directory: 'hello-messages',
      fileName: 'hello.log',
    });
    const about = JSON.stringify({ version: '0', os: '', arch: '', uptime: 0, labels: {} });
    this.send({ message, headers: options.speaksLanes === false ? {} : { 'Steward-Hello': about } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.close();
  }
}

/** The place of a message in its lane, from its header. */
export function placeOf({ headers: all }: Wire): { epoch: string; seq: number; floor: number } {
  const [epoch = '', seq, floor] = (all['Steward-Lane'] ?? '').split('/');
  return { epoch, seq: Number(seq), floor: Number(floor) };
}

function plain(all: MsgHdrs | undefined): Record<string, string> {
  return Object.fromEntries((all?.keys() ?? []).map((key) => [key, all!.get(key)]));
}

/** The text of an answer, which names the node that gives it: errors are the central node's. */
function confirmation({ subject }: Wire): string {
  const node = subject.slice(0, subject.search(/\.(REQ|Steward)/));
  return `confirmed from: ${node === 'errorCentral' ? 'central' : node}: 0`;
}
