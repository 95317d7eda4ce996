import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { brotliCompressSync, constants } from 'node:zlib';
import { recordScene } from '../test/support/landed-scene.ts';

/**
 * Keeps what a version leaves behind, for the tests of later ones: node scripts/keep-version.ts CHECKOUT NAME. The checkout
 * must be built. Writes into test/landed/NAME its program, the databases of nodes that were cut off in the middle of
 * work, and what went over the wire between them.
 */
const [checkout, name] = process.argv.slice(2);
if (checkout === undefined || name === undefined) throw new Error('usage: keep-version.ts CHECKOUT NAME');
const folder = join(import.meta.dirname, '../test/landed', name);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const tar = execFileSync(
  'tar',
  // The pages of the console are packed already, and no test asks an old node for them.
  [
    '-c',
    '--exclude=dist/web.json',
    '--sort=name',
    '--mtime=@0',
    '--owner=0',
    '--group=0',
    'dist',
    'package.json',
  ],
  {
    cwd: resolve(checkout),
    maxBuffer: 2 ** 28,
  },
);
keep('program.tar.br', tar);

const command = [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  resolve(checkout, 'dist/main.js'),
];
await recordScene(command, (wire, nodes) => {
  writeFileSync(join(folder, 'wire.json'), `[\n${wire.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`);
  for (const node of nodes) {
    const file = join(node.databaseFolder, 'steward.db');
    const database = new DatabaseSync(file);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE; VACUUM;');
    database.close();
    keep(`${node.name}.db.br`, execFileSync('cat', [file], { maxBuffer: 2 ** 28 }));
  }
});
console.log(execFileSync('ls', ['-l', folder], { encoding: 'utf8' }));

function keep(file: string, bytes: Uint8Array): void {
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length, [constants.BROTLI_PARAM_LGWIN]: 24 };
  writeFileSync(join(folder, file), brotliCompressSync(bytes, { params }));
}
