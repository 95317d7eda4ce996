import { join } from 'node:path';
import { type DatabaseFacts, inspectDatabase } from '../store/inspect-database.ts';
import { damageAdvice } from '../store/is-damaged.ts';
import { StoreError } from '../store/store-error.ts';
import { type Finding, finding } from './finding.ts';

const MB = 1024 * 1024;
/** Larger ones are not looked through unless that is asked for: it takes a second for some 200 MB. */
const CHECKED_BYTES = 512 * MB;
/** A log of writes that has grown beyond this was not moved into the database for long. */
const LONG_LOG_BYTES = 256 * MB;
const MANY_QUEUED = 100_000;

export interface DatabaseLook {
  readonly findings: readonly Finding[];
  readonly facts: DatabaseFacts | undefined;
}

/** Whether the database can be opened and is whole, how large it is and how much waits in it. */
export function checkDatabase(
  folder: string,
  { isThorough }: { readonly isThorough: boolean },
): DatabaseLook {
  const path = join(folder, 'steward.db');
  let facts: DatabaseFacts | undefined;
  try {
    facts = inspectDatabase(path, { maxCheckBytes: isThorough ? Number.POSITIVE_INFINITY : CHECKED_BYTES });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { facts, findings: [finding('database', 'fail', error.message)] };
  }
  if (facts === undefined)
    return {
      facts,
      findings: [finding('database', 'ok', `${path} is not there yet, the first start makes it`)],
    };
  const { check, bytes, logBytes, queued } = facts;
  if (check !== undefined && check !== 'ok') {
    const advice = `stop the node, ${damageAdvice(path)}, and start it again`;
    return { facts, findings: [finding('database', 'fail', `${path} is damaged: ${check}`, advice)] };
  }
  const state = check === 'ok' ? 'whole' : 'not looked through, as it is large (--thorough does)';
  const text = `${path}: ${(bytes / MB).toFixed(1)} MB, ${state}; ${queued} messages wait to be delivered`;
  const findings = [finding('database', 'ok', text)];
  if (logBytes > LONG_LOG_BYTES)
    findings.push(
      finding(
        'database',
        'warn',
        `${path}-wal has ${Math.round(logBytes / MB)} MB that are not moved into the database`,
        'look for other programs that keep the database open, such as a backup or a shell of SQLite',
      ),
    );
  if (queued > MANY_QUEUED)
    findings.push(
      finding(
        'database',
        'warn',
        `${queued} messages wait to be delivered`,
        'steward queue shows for which nodes',
      ),
    );
  return { facts, findings };
}
