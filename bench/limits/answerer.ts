import { connect, headers } from '@nats-io/transport-node';

// One half of the broker limit: answers each message at once, and keeps nothing. Ends when it is killed.

const [url, subject] = process.argv.slice(2);
const connection = await connect({ servers: url });
connection.subscribe(subject!, {
  callback: (error, msg) => {
    if (error !== null) throw error;
    const answer = headers();
    answer.set('Nats-Msg-Id', msg.headers!.get('Nats-Msg-Id'));
    answer.set('Steward-Status', 'accepted');
    connection.publish(msg.reply!, 'confirmed from: ship1: 0', { headers: answer });
  },
});
await connection.flush();
process.stdout.write('ready\n');
