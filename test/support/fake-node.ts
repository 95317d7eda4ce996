import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { DatabaseSync } from 'node:sqlite';

// A program that looks like a node from outside, to test startStewardNode itself: it takes the same flags, says
// that it has started, and answers a submission with what it was given. `-fake=refuse` ends instead.

const flags = Object.fromEntries(
  process.argv.slice(2).map((argument) => argument.replace(/^-+/, '').split(/=(.*)/s).slice(0, 2)),
) as Record<string, string>;

if (flags.fake === 'refuse') {
  process.stderr.write('the name is taken\n');
  process.exit(3);
}
mkdirSync(`${flags.subscribersDataFolder}/out`, { recursive: true });
writeFileSync(
  `${flags.subscribersDataFolder}/out/flags.json`,
  JSON.stringify({ ...flags, folder: process.env.CONFIG_FOLDER }),
);
writeFileSync(`${flags.databaseFolder}/store.log`, '{"event":"accepted"}\n{"event":"succeeded"}\n');
const database = new DatabaseSync(`${flags.databaseFolder}/steward.db`);
database.exec('PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS ledger (id TEXT, state TEXT)');
database.exec("INSERT INTO ledger VALUES ('one', 'queued')");

const socketPath = `${flags.socketFolder}/steward.sock`;
const server = createServer({ allowHalfOpen: true }, (socket) => {
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', (piece: string) => {
    text += piece;
  });
  socket.on('end', () => socket.end(text === 'silence' ? '' : `${JSON.stringify({ got: text })}\n`));
});
process.on('SIGTERM', () => {
  server.close();
  process.exit(0);
});
// A process that was killed leaves its socket behind.
rmSync(socketPath, { force: true });
server.listen(socketPath, () =>
  process.stderr.write(`not json\n${JSON.stringify({ level: 30, msg: 'started' })}\n`),
);
