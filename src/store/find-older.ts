import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';

/** The row of `meta` that holds the first lane of which all is known that was sent in it. */
export const FIRST_SURE_LANE = 'first_sure_lane';

/**
 * Finds out whether a database file is a copy that was put in the place of another one, as a backup is: then more may have
 * been sent in its lanes than it knows. The file that it is stands in the database itself: a copy has another number on the
 * disk, or was made at another time. Notes the file it is now.
 */
export function noteFile(db: DatabaseSync, path: string): void {
  const { ino, birthtimeNs } = statSync(path, { bigint: true });
  const file = `${ino}:${birthtimeNs}`;
  const known = db.prepare('SELECT file FROM files').get()?.file;
  if (known === file) return;
  db.exec('BEGIN IMMEDIATE; DELETE FROM files');
  db.prepare('INSERT INTO files VALUES (?)').run(file);
  if (known !== undefined) doubtLanes(db);
  db.exec('COMMIT');
}

/** Notes that more may have been sent in the lanes there are; that holds until each of them has a new epoch. */
export function doubtLanes(db: DatabaseSync): void {
  const sql = 'INSERT OR REPLACE INTO meta (key, value) SELECT ?, coalesce(max(id), 0) + 1 FROM lanes';
  db.prepare(sql).run(FIRST_SURE_LANE);
}
