import type { Priority } from '../message/priority.ts';
import { type Statement, statement } from '../store/store.ts';

/** Messages of one submission that are stored together. */
export interface StoredPart {
  readonly batch: string;
  /** What lists show for the batch, where it has no label yet. */
  readonly label: string;
  /**
   * The first id of the whole submission, where the batch was named by its maker and may have come, or may grow,
   * through other submissions; undefined where the batch is this submission.
   */
  readonly submission: string | undefined;
  readonly firstId: string;
  readonly lastId: string;
  readonly count: number;
  readonly at: number;
}

/**
 * Statements that enter messages into their batch: one row for each submission, however many messages. The ids in the
 * rows bound where the batch's messages are found.
 */
export function batchStatements(part: StoredPart): Statement[] {
  const { batch, label, submission, firstId, lastId, count, at } = part;
  const isWhole = submission === undefined;
  const own = statement(
    `INSERT INTO batches (id, at, label, total, first_id, last_id) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET total = total + excluded.total,
       label = CASE label WHEN '' THEN excluded.label ELSE label END,
       first_id = CASE WHEN excluded.first_id = '' THEN first_id WHEN first_id = '' THEN excluded.first_id
         ELSE min(first_id, excluded.first_id) END,
       last_id = max(last_id, excluded.last_id)`,
    ...[batch, at, label, count, isWhole ? firstId : '', isWhole ? lastId : ''],
  );
  if (isWhole) return [own];
  const range = statement(
    `INSERT INTO batch_parts (batch, first_id, last_id) VALUES (?, ?, ?)
     ON CONFLICT (batch, first_id) DO UPDATE SET last_id = max(last_id, excluded.last_id)`,
    ...[batch, submission, lastId],
  );
  return [own, range];
}

/** Statement that keeps a note for going on with a batch; a batch may have one before it has messages. */
export function planStatement(batch: string, plan: unknown, at: number, label = ''): Statement {
  return statement(
    `INSERT INTO batches (id, at, label, total, first_id, last_id, plan) VALUES (?, ?, ?, 0, '', '', ?)
     ON CONFLICT (id) DO UPDATE SET plan = excluded.plan`,
    ...[batch, at, label, plan === undefined || plan === null ? null : JSON.stringify(plan)],
  );
}

/** What the submitter said of a request that is in no message; sending it again needs it. Times are ms. */
export interface RequestOptions {
  readonly budgetMs?: number;
  /** Time from its being queued after which it must not run. */
  readonly expiresInMs?: number;
  readonly schedule?: string;
  readonly output?: string;
  readonly priority?: Priority;
  readonly supersedes?: string;
}

/** Statement that keeps the options of requests that have some. */
export function optionStatements(
  requests: readonly { readonly id: string; readonly options: RequestOptions }[],
): Statement[] {
  const rows = requests.map(({ id, options }) => [id, JSON.stringify(options)]);
  return rows.length === 0 ? [] : [{ sql: 'INSERT OR IGNORE INTO request_options VALUES (?, ?)', rows }];
}

/** Something that happened to a request and is in no column: `other` is the request that it is linked to. */
export interface Step {
  readonly id: string;
  readonly at: number;
  readonly what: 'cancel-asked' | 'corrected' | 'resent' | 'resend-of';
  readonly other?: string;
  readonly note?: string;
}

/** Statement that notes steps. */
export function stepStatement(steps: readonly Step[]): Statement {
  return {
    sql: 'INSERT INTO steps (id, at, what, other, note) VALUES (?, ?, ?, ?, ?)',
    rows: steps.map(({ id, at, what, other, note }) => [id, at, what, other ?? null, note ?? null]),
  };
}
