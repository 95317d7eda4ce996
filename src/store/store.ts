/** The database of a node, as its other parts see it. */
export interface Store extends AsyncDisposable {
  readonly path: string;
  /** Why writes fail, and since when, unix ms; undefined where none has failed lately. */
  readonly trouble?: { readonly since: number; readonly text: string } | undefined;
  /** Resolves with the fault where the database's file was deleted or replaced: it is not written any more. */
  readonly replaced?: Promise<Error>;
  /** Rejects should the store end by itself: the node cannot go on without it. Never resolves. */
  readonly failed: Promise<never>;
  /**
   * Executes statements as one transaction; resolves when it is on disk. Transactions take effect in the order of
   * the calls. Throws StoreError, and then nothing of the transaction has happened; where the error says that it is in
   * doubt, it may have after the next start.
   */
  write(statements: readonly Statement[]): Promise<void>;
  /**
   * Calls `work` once, as soon as anything is written: what `work` writes then commits with that. The function that comes
   * back calls it off.
   */
  withNext?(work: () => void): () => void;
  /** All rows of a query. Throws StoreError. */
  all<T>(sql: string, ...params: SqlValue[]): T[];
  /** The first row of a query, or undefined. Throws StoreError. */
  get<T>(sql: string, ...params: SqlValue[]): T | undefined;
  /** All rows of a query that may take long: nothing else waits for it. Throws StoreError. */
  query<T>(sql: string, ...params: SqlValue[]): Promise<T[]>;
  /** The rows of several such queries, which see the database at one moment. Throws StoreError. */
  queryAll(queries: readonly Query[]): Promise<readonly unknown[][]>;
}

/** Keys of messages are the number of their lane times this, plus their place: a lane's rows lie side by side. */
export const LANE_SPAN = 2 ** 32;

/** What SQLite stores in a column. Integers stay below 2^53. */
export type SqlValue = number | string | null | Uint8Array;

/** One query with its values. */
export interface Query {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

/** One SQL text, executed once for each row of parameters. */
export interface Statement {
  readonly sql: string;
  readonly rows: readonly (readonly SqlValue[])[];
}

/** A statement that is executed once. */
export function statement(sql: string, ...params: SqlValue[]): Statement {
  return { sql, rows: [params] };
}
