import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { Companions } from '../../src/store/companions.ts';
import { COPIED, doubtLanes } from '../../src/store/find-older.ts';
import { migrate } from '../../src/store/open-store.ts';
import type { SqlValue, Statement, Store } from '../../src/store/store.ts';
import { asStoreError, StoreError } from '../../src/store/store-error.ts';
import type { Life, Machine } from './machine.ts';

/** What is wrong with a disk; `doubt`: a commit fails, and whether it is there the next start shows. */
export type DiskTrouble = 'full' | 'locked' | 'io' | 'doubt';

interface Pending {
  readonly statements: readonly Statement[];
  resolve(): void;
  reject(error: Error): void;
}

const PATH = 'steward.db';
/** How long a program waits for another's lock on the database, ms. */
const LOCK_PATIENCE_MS = 5000;

/** The database of a machine: what was committed outlives its nodes, and nothing else does. */
export class SimDisk {
  trouble: DiskTrouble | undefined;
  /** What failed and lies in the log: the next commit overwrites it, a start before that takes it for committed. */
  #doubtful: readonly Pending[] = [];
  readonly #machine: Machine;
  #db = new DatabaseSync(':memory:');
  #prepared = new Map<string, StatementSync>();

  constructor(machine: Machine) {
    this.#machine = machine;
    this.wipe();
  }

  /** The whole database, as a backup holds it. */
  backup(): Uint8Array {
    return this.#db.serialize();
  }

  /** The highest id that a node on this disk gave a message, as far as its database knows; '' where there is none. */
  get newestId(): string {
    return String(this.prepare('SELECT max(id) AS id FROM ledger').get()!.id ?? '');
  }

  /** Puts a backup in the place of the database, which shows, or writes it over that. */
  restore(backup: Uint8Array, { isInPlace = false } = {}): void {
    this.#doubtful = [];
    this.close();
    // Another one: where statements of a database are alive, putting it back ends the engine itself.
    this.#db = new DatabaseSync(':memory:');
    this.#db.deserialize(backup);
    if (isInPlace) return;
    this.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)').run(COPIED, 'another file');
    doubtLanes(this.#db);
  }

  /** A database as a new installation has it. */
  wipe(): void {
    this.restore(EMPTY, { isInPlace: true });
  }

  close(): void {
    this.#prepared.clear();
    this.#db.close();
  }

  prepare(sql: string): StatementSync {
    let found = this.#prepared.get(sql);
    if (!found) {
      found = this.#db.prepare(sql);
      this.#prepared.set(sql, found);
    }
    return found;
  }

  /** Commits transactions at once or, where one of them fails, one by one. */
  commit(group: readonly Pending[]): (() => void)[] {
    const fault = this.#fault();
    if (this.trouble) this.#machine.unsureAt.push(this.#machine.timeline.now);
    if (fault)
      return group.map(
        ({ reject }) =>
          () =>
            reject(fault),
      );
    if (this.trouble === 'doubt' && this.#machine.chance.happens(0.5)) return this.#leaveInDoubt(group);
    const error = this.#transact(group);
    if (!error) {
      this.#doubtful = [];
      return group.map(({ resolve }) => resolve);
    }
    if (group.length > 1) return group.flatMap((pending) => this.commit([pending]));
    return [() => group[0]!.reject(asStoreError(error, PATH))];
  }

  /** How long a commit takes, ms. */
  commitMs(): number {
    const { chance } = this.#machine;
    if (this.trouble === 'locked') return LOCK_PATIENCE_MS;
    return chance.happens(0.02) ? chance.spread(20, 800) : chance.spread(0.1, 4);
  }

  #fault(): StoreError | undefined {
    const { trouble } = this;
    if (trouble === undefined || trouble === 'doubt') return undefined;
    const code = trouble;
    return new StoreError(code, `the database ${PATH} failed: the disk is simulated as ${code}`);
  }

  /** A node starts: what a failed commit left in the log may stand whole in it. */
  recover(): void {
    const doubtful = this.#doubtful;
    this.#doubtful = [];
    if (doubtful.length > 0 && this.#machine.chance.happens(0.5)) this.#transact(doubtful);
  }

  #leaveInDoubt(group: readonly Pending[]): (() => void)[] {
    this.#doubtful = group;
    const error = new StoreError('io', `the database ${PATH} failed`, { isInDoubt: true });
    return group.map(
      ({ reject }) =>
        () =>
          reject(error),
    );
  }

  #transact(group: readonly Pending[]): unknown {
    this.#db.exec('BEGIN');
    try {
      for (const { statements } of group)
        for (const { sql, rows } of statements) for (const row of rows) this.prepare(sql).run(...row);
      this.#db.exec('COMMIT');
      return undefined;
    } catch (error) {
      this.#db.exec('ROLLBACK');
      return error;
    }
  }
}

/** The store of one life: what it was told to write and had not committed dies with it. */
export class SimStore implements Store {
  readonly path = PATH;
  readonly failed = new Promise<never>(() => {});
  readonly #disk: SimDisk;
  readonly #life: Life;
  readonly #companions = new Companions();
  #pending: Pending[] = [];
  #isCommitting = false;

  constructor(disk: SimDisk, life: Life) {
    this.#disk = disk;
    this.#life = life;
    disk.recover();
  }

  write(statements: readonly Statement[]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#pending.push({ statements: statements.filter(({ rows }) => rows.length > 0), resolve, reject });
    this.#commitSoon();
    this.#companions.call();
    return promise;
  }

  withNext(work: () => void): () => void {
    return this.#companions.add(work);
  }

  all<T>(sql: string, ...params: SqlValue[]): T[] {
    if (this.#life.isOver) throw new StoreError('failed', 'the node is no more');
    return this.#disk.prepare(sql).all(...params) as T[];
  }

  get<T>(sql: string, ...params: SqlValue[]): T | undefined {
    if (this.#life.isOver) throw new StoreError('failed', 'the node is no more');
    return this.#disk.prepare(sql).get(...params) as T | undefined;
  }

  async query<T>(sql: string, ...params: SqlValue[]): Promise<T[]> {
    const [rows] = await this.queryAll([{ sql, params }]);
    return rows as T[];
  }

  queryAll(
    queries: readonly { readonly sql: string; readonly params: readonly SqlValue[] }[],
  ): Promise<unknown[][]> {
    return new Promise((resolve) => {
      this.#life.later(0.2, () => resolve(queries.map(({ sql, params }) => this.all(sql, ...params))));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #commitSoon(): void {
    if (this.#isCommitting) return;
    this.#isCommitting = true;
    this.#life.later(this.#disk.commitMs(), () => {
      const group = this.#pending;
      this.#pending = [];
      const answers = this.#disk.commit(group);
      this.#life.machine.worked();
      this.#life.machine.timeline.note(`${this.#life.machine.name} commits ${group.length}`);
      // A crash may come between the commit and the word of it.
      this.#life.later(0.05, () => {
        for (const answer of answers) answer();
        this.#isCommitting = false;
        if (this.#pending.length > 0) this.#commitSoon();
      });
    });
  }
}

const EMPTY = emptyDatabase();

function emptyDatabase(): Uint8Array {
  const db = new DatabaseSync(':memory:');
  db.exec('PRAGMA foreign_keys = ON');
  migrate(db, PATH);
  return db.serialize();
}
