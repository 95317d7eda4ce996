import { existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { APPLICATION_ID, MIGRATIONS } from './schema.ts';
import { LANE_SPAN } from './store.ts';
import { asStoreError, StoreError } from './store-error.ts';

/** What a look at a node's database shows. */
export interface DatabaseFacts {
  readonly bytes: number;
  /** What is not yet moved into the file; a node that runs has such a log. */
  readonly logBytes: number;
  /** `ok`, what is damaged, or undefined where it was too large to be looked through. */
  readonly check: string | undefined;
  /** Messages that wait to be delivered. */
  readonly queued: number;
  /** The newest deliveries to nodes that told their own time. */
  readonly deliveries: readonly Delivery[];
}

/** When a message went out and was answered by this machine's clock, and when it was accepted by the other one's. */
export interface Delivery {
  readonly subject: string;
  readonly sentAt: number;
  readonly acceptedAt: number;
  readonly thereAt: number;
}

/**
 * Looks at a node's database without writing to it, whether the node runs or not; undefined where there is none.
 * Throws StoreError: 'foreign', 'corrupt' and 'io' for what they say.
 */
export function inspectDatabase(
  path: string,
  options: { readonly maxCheckBytes: number },
): DatabaseFacts | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
    // Where nobody has it open, even reading would leave files next to it.
    const place = pathToFileURL(path);
    if (log === undefined) place.searchParams.set('immutable', '1');
    const db = new DatabaseSync(place, { readOnly: true, timeout: 3000 });
    try {
      return factsOf(db, { ...options, path, logBytes: log?.size ?? 0 });
    } finally {
      db.close();
    }
  } catch (error) {
    throw asStoreError(error, path);
  }
}

/** The version of the database engine that this program has. */
export function sqliteVersion(): string {
  const db = new DatabaseSync(':memory:');
  try {
    return String(db.prepare('SELECT sqlite_version() AS version').get()?.version);
  } finally {
    db.close();
  }
}

function factsOf(
  db: DatabaseSync,
  { path, logBytes, maxCheckBytes }: { path: string; logBytes: number; maxCheckBytes: number },
): DatabaseFacts {
  const pragma = (name: string) => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  if (pragma('application_id') !== APPLICATION_ID) {
    const text = `the file ${path} is another program's database: move it away, or choose another databaseFolder`;
    throw new StoreError('foreign', text);
  }
  const schema = Number(pragma('user_version'));
  if (schema > MIGRATIONS.length) {
    const text = `the database ${path} was written by a newer Steward (schema ${schema}, this one knows ${MIGRATIONS.length}): start the newer one`;
    throw new StoreError('foreign', text);
  }
  const bytes = Number(pragma('page_count')) * Number(pragma('page_size'));
  const isCurrent = schema === MIGRATIONS.length;
  return {
    bytes,
    logBytes,
    check: bytes > maxCheckBytes ? undefined : String(pragma('quick_check(1)')).replaceAll('\n', ' '),
    queued: Number(db.prepare('SELECT count(*) AS n FROM outbox').get()?.n),
    deliveries: isCurrent ? deliveriesIn(db) : [],
  };
}

const NEWEST = 500;

function deliveriesIn(db: DatabaseSync): Delivery[] {
  return db
    .prepare(
      `SELECT lanes.subject AS subject, l.sent_at AS sentAt, l.accepted_at AS acceptedAt, l.there_accepted_at AS thereAt
       FROM (SELECT * FROM ledger ORDER BY id DESC LIMIT ${NEWEST}) AS l JOIN lanes ON lanes.id = l.key / ${LANE_SPAN}
       WHERE l.there_accepted_at IS NOT NULL AND l.sent_at IS NOT NULL AND l.accepted_at IS NOT NULL`,
    )
    .all() as unknown as Delivery[];
}
