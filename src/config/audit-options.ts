import { join } from 'node:path';
import type { Config } from './config.ts';

/** Where the audit log is, and how large it may grow. */
export function auditOptions(config: Config) {
  const path = join(config.databaseFolder, 'store.log');
  return { path, maxBytes: config.auditLogMaxBytes, keepFiles: config.auditLogKeepFiles };
}
