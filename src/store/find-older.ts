import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from './store-error.ts';

/** The row of `meta` that holds the first lane of which all is known that was sent in it. */
export const FIRST_SURE_LANE = 'first_sure_lane';
/** The row that is there where the file is a copy, until it is known that no other node has the name. */
export const COPIED = 'copied';
/** The row that holds the name of the node. */
const NODE_NAME = 'node_name';

/**
 * Finds out whether a database file is a copy that was put in the place of another one, as a backup is: then more may have
 * been sent in its lanes than it knows. The file that it is stands in the database itself: a copy has another number on the
 * disk, or was made at another time. Notes the file it is now, and the name of its node. Throws StoreError 'foreign' for a copy
 * of another node's: what that one was asked for would run here once more.
 */
export function noteFile(db: DatabaseSync, path: string, nodeName?: string): void {
  const { ino, birthtimeNs } = statSync(path, { bigint: true });
  const file = `${ino}:${birthtimeNs}`;
  const known = db.prepare('SELECT file FROM files').get()?.file;
  const owner = db.prepare('SELECT value FROM meta WHERE key = ?').get(NODE_NAME)?.value;
  if (known === file && owner === (nodeName ?? owner)) return;
  const isCopy = known !== undefined && known !== file;
  if (isCopy && owner !== undefined && owner !== (nodeName ?? owner)) {
    const away = `move ${path}, -wal and -shm away, and ${nodeName} begins with an empty one`;
    const text = `the database ${path} is a copy of that of the node ${owner}, and what ${owner} was asked for would run here once more: ${away} (to rename ${owner}, do so where its database is)`;
    throw new StoreError('foreign', text);
  }
  db.exec('BEGIN IMMEDIATE; DELETE FROM files');
  db.prepare('INSERT INTO files VALUES (?)').run(file);
  const save = db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)');
  if (nodeName !== undefined) save.run(NODE_NAME, nodeName);
  if (isCopy) {
    save.run(COPIED, file);
    doubtLanes(db);
  }
  db.exec('COMMIT');
}

/** Notes that more may have been sent in the lanes there are; that holds until each of them has a new epoch. */
export function doubtLanes(db: DatabaseSync): void {
  const sql = 'INSERT OR REPLACE INTO meta (key, value) SELECT ?, coalesce(max(id), 0) + 1 FROM lanes';
  db.prepare(sql).run(FIRST_SURE_LANE);
}
