import { type Statement, statement } from './statement.ts';
import type { Store } from './store.ts';

/** A fact about the whole database, or undefined where it was never written. */
export function readMeta(store: Pick<Store, 'get'>, key: string): string | undefined {
  return store.get<{ value: string }>('SELECT value FROM meta WHERE key = ?', key)?.value;
}

/** Statement that moves a number in a fact that is JSON. */
export function shiftMetaField(key: string, field: string, by: number): Statement {
  const path = `$.${field}`;
  const sql = `UPDATE meta SET value = json_set(value, ?, json_extract(value, ?) + ?) WHERE key = ?`;
  return statement(sql, path, path, by, key);
}

/** Statement that writes a fact about the whole database. */
export function saveMeta(key: string, value: string): Statement {
  return statement('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', key, value);
}

/** Statement that adds to such a fact that is a whole number. */
export function shiftMeta(key: string, by: number): Statement {
  const sql = 'UPDATE meta SET value = CAST(CAST(value AS INTEGER) + ? AS TEXT) WHERE key = ?';
  return statement(sql, by, key);
}
