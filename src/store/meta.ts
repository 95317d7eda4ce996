import { type Statement, type Store, statement } from './store.ts';

/** A fact about the whole database, or undefined where it was never written. */
export function readMeta(store: Pick<Store, 'get'>, key: string): string | undefined {
  return store.get<{ value: string }>('SELECT value FROM meta WHERE key = ?', key)?.value;
}

/** Statement that adds to a fact that is a number, or to the number in a field of one that is JSON. */
export function shiftMeta(key: string, by: number, field?: string): Statement {
  const path = field === undefined ? '$' : `$.${field}`;
  const sql = `UPDATE meta SET value = json_set(value, ?, json_extract(value, ?) + ?) WHERE key = ?`;
  return statement(sql, path, path, by, key);
}

/** Statement that forgets a fact about the whole database. */
export function forgetMeta(key: string): Statement {
  return statement('DELETE FROM meta WHERE key = ?', key);
}

/** Statement that writes a fact about the whole database. */
export function saveMeta(key: string, value: string): Statement {
  return statement('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', key, value);
}
