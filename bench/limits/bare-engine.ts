import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** What no node can be smaller than: the engine with a database in the folder given, and a socket that listens there. */
const folder = process.argv[2]!;
const database = new DatabaseSync(join(folder, 'bare.db'));
database.exec('PRAGMA journal_mode = WAL; CREATE TABLE one (value TEXT)');
createServer().listen(join(folder, 'bare.sock'), () => process.stdout.write('listening\n'));
