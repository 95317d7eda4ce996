import { type Statement, statement } from '../store/store.ts';

/** Statement that enters a node that said hello into the node list; `about` is JSON of what it said of itself. */
export function helloStatement(name: string, at: number, about: string | undefined): Statement {
  const sql = `INSERT INTO nodes (name, last_seen, info, told_at) VALUES (?1, ?2, ?3, ?2)
    ON CONFLICT (name) DO UPDATE SET
      last_seen = excluded.last_seen, info = excluded.info, told_at = excluded.told_at`;
  return statement(sql, name, at, about ?? null);
}

/** Statement that notes when nodes were heard of. */
export function seenStatement(
  seen: readonly { readonly name: string; readonly lastSeen: number }[],
): Statement {
  const sql = `INSERT INTO nodes (name, last_seen) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET last_seen = max(last_seen, excluded.last_seen)`;
  return { sql, rows: seen.map(({ name, lastSeen }) => [name, lastSeen]) };
}
