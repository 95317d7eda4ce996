import { randomUUID } from 'node:crypto';
import { connect, headers } from '@nats-io/transport-node';
import { encodeMessage } from '../../src/message/codec/encode-message.ts';
import { newMessage } from '../../src/message/message.ts';
import { line } from '../append-messages.ts';

// The other half of the broker limit: publishes the bytes and headers that a node would, keeps a window of
// unanswered messages, stores nothing. Prints how many per second were answered.

const [url, subject, countText, windowText] = process.argv.slice(2);
const count = Number(countText);
const window = Number(windowText);
const connection = await connect({ servers: url });
const reply = `${subject}.reply.central.${randomUUID().slice(0, 8)}`;
const epoch = randomUUID();
const { payload } = encodeMessage(
  newMessage({
    toNode: 'ship1',
    fromNode: 'central',
    method: 'REQToFileAppend',
    data: [Buffer.from(line(10_000))],
    methodTimeout: 10,
    ackTimeout: 10,
    retries: 1,
    directory: 'bench',
    fileName: 'append.log',
  }),
  { serialization: '', compression: '' },
);
const ids = Array.from({ length: count }, () => randomUUID());

let sent = 0;
let answered = 0;
const done = Promise.withResolvers<void>();
connection.subscribe(reply, {
  callback: (error, msg) => {
    if (error !== null) return done.reject(error);
    if (msg.headers?.get('Nats-Msg-Id') !== ids[answered])
      return done.reject(new Error('an answer out of order'));
    answered += 1;
    if (sent < count) send();
    if (answered === count) done.resolve();
  },
});
await connection.flush();

const before = performance.now();
while (sent < Math.min(window, count)) send();
await done.promise;
const seconds = (performance.now() - before) / 1000;
process.stdout.write(`${JSON.stringify({ perSecond: count / seconds, payloadBytes: payload.length })}\n`);
await connection.close();

function send(): void {
  const wireHeaders = headers();
  wireHeaders.set('Nats-Msg-Id', ids[sent]!);
  wireHeaders.set('Steward-Lane', `${epoch}/${sent + 1}/${answered + 1}`);
  sent += 1;
  connection.publish(subject!, payload, { reply, headers: wireHeaders });
}
