import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { connect, headers, type Msg } from '@nats-io/transport-node';
import { encodeMessage } from '../../src/message/codec/encode-message.ts';
import { HEADER } from '../../src/message/codec/wire-headers.ts';
import { newMessage } from '../../src/message/message.ts';
import { encodeReport } from '../../src/message/report.ts';
import { kindOf } from '../../src/message/subject.ts';
import { OWN_WORDS } from '../../src/message/words.ts';

/** What a node does before it comes again where central is busy, ms: twice as long each time. */
const [FIRST_BUSY_MS, LONGEST_BUSY_MS] = [200, 5000];
/** How many nodes say hello at a time, and how long it takes until the next ones do, ms. */
const [HELLOS, HELLO_PAUSE_MS] = [50, 5];
const SHORT = { serialization: 'cbor', compression: '' } as const;
const USUAL = { ackTimeout: 10, retries: 1, methodTimeout: 20 } as const;
const REPORT = `central.REQReport.${kindOf('REQReport')}`;
const HELLO = `central.REQHello.${kindOf('REQHello')}`;

const [url = '', count = '0'] = process.argv.slice(2);
const connection = await connect({ servers: url });
const lanes = new Map(
  Array.from({ length: Number(count) }, (_, index) => [
    `ship${String(index + 1).padStart(6, '0')}`,
    { epoch: randomBytes(8).toString('hex'), seq: 0 },
  ]),
);
const waiting = new Map<string, { send(): void; pauseMs: number }>();
let busy = 0;

connection.subscribe(`*.REQCliCommand.${kindOf('REQCliCommand')}`, {
  callback: (_, request) => run(request),
});
connection.subscribe(`${REPORT}.reply.*.*`, { callback: (_, answer) => hear(answer) });
await connection.flush();
process.on('message', () => void sayHello().then(() => process.send?.({ busy })));
process.on('disconnect', () => process.exit(0));
process.send?.('ready');

/** Answers a request, and reports its end a moment later, as a node does that ran it. */
function run(request: Msg): void {
  const name = request.subject.slice(0, request.subject.indexOf('.'));
  const [place = '', id = ''] = placeAndId(request);
  const seq = place.split('/')[1] ?? '';
  if (!lanes.has(name) || !request.reply) return;
  const answer = headers();
  answer.set(HEADER.id, id);
  answer.set(HEADER.status, 'accepted');
  answer.set(HEADER.range, `${seq}-${seq}`);
  answer.set(HEADER.knows, OWN_WORDS);
  connection.publish(request.reply, `confirmed from: ${name}: 0`, { headers: answer });
  const at = Date.now();
  setTimeout(() => report(name, id, at), 3);
}

/** In headers of their own, or in the short one. */
function placeAndId({ headers: given }: Msg): readonly string[] {
  const [id, place] = given?.get(HEADER.brief).split(' ') ?? [];
  if (!id) return [given?.get(HEADER.lane) ?? '', given?.get(HEADER.id) ?? ''];
  const hex = Buffer.from(id, 'base64url').toString('hex');
  return [place ?? '', [0, 8, 12, 16, 20].map((from, at, all) => hex.slice(from, all[at + 1])).join('-')];
}

function report(name: string, id: string, at: number): void {
  const lane = lanes.get(name)!;
  const seq = ++lane.seq;
  const times = { acceptedAt: at, startedAt: at + 1, endedAt: at + 2 };
  const data = [encodeReport([{ id, state: 'succeeded', exitCode: 0, outputBytes: 0, ...times }])];
  const message = newMessage({ toNode: 'central', fromNode: name, method: 'REQReport', data, ...USUAL });
  const { payload, serial } = encodeMessage(message, SHORT);
  const given = headers();
  given.set(HEADER.serial, serial);
  given.set(HEADER.compression, 'g');
  given.set(HEADER.id, newId());
  given.set(HEADER.lane, `${lane.epoch}/${seq}/${seq}`);
  const packed = gzipSync(payload);
  const reply = `${REPORT}.reply.${name}.${seq}`;
  const send = () => connection.publish(REPORT, packed, { headers: given, reply });
  waiting.set(reply, { send, pauseMs: FIRST_BUSY_MS });
  send();
}

function hear({ subject, headers: given }: Msg): void {
  const status = given?.get(HEADER.status);
  const one = waiting.get(subject);
  if (status === 'accepted' || status === 'duplicate') waiting.delete(subject);
  else if (one) {
    busy++;
    setTimeout(one.send, one.pauseMs * (0.75 + Math.random() / 2));
    one.pauseMs = Math.min(LONGEST_BUSY_MS, 2 * one.pauseMs);
  }
}

async function sayHello(): Promise<void> {
  for (const [at, name] of [...lanes.keys()].entries()) {
    const data = [Buffer.from(`Hello from ${name}\n`)];
    const place = { directory: 'hello-messages', fileName: 'hello.log' };
    const message = newMessage({
      ...place,
      toNode: 'central',
      fromNode: name,
      method: 'REQHello',
      data,
      ...USUAL,
    });
    const { payload, serial } = encodeMessage(message, SHORT);
    const given = headers();
    const about = {
      version: 'spoken for',
      uptime: 5,
      labels: {},
      interval: 300,
      knows: OWN_WORDS,
      connected: true,
    };
    given.set(HEADER.hello, JSON.stringify(about));
    given.set(HEADER.serial, serial);
    connection.publish(HELLO, payload, { headers: given });
    if (at % HELLOS !== HELLOS - 1) continue;
    await connection.flush();
    await new Promise((resolve) => setTimeout(resolve, HELLO_PAUSE_MS));
  }
}

/** A UUIDv7. */
function newId(): string {
  const hex = `${Date.now().toString(16).padStart(12, '0')}7${randomBytes(2).toString('hex').slice(1)}a${randomBytes(8).toString('hex').slice(1)}`;
  return [0, 8, 12, 16, 20].map((from, at, all) => hex.slice(from, all[at + 1])).join('-');
}
