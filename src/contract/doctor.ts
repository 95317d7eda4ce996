import type { OperationRow } from './operation.ts';
import { about, choice, list, named, object, text, type Value } from './schema.ts';

const DoctorFinding = named(
  'DoctorFinding',
  object(
    { check: about(text, 'What was looked at, in a word'), verdict: choice('ok', 'warn', 'fail'), text },
    { advice: about(text, 'What to do; absent where all is well') },
  ),
  'What one look at a node showed',
);
/** What one look at a node showed. */
export type DoctorFinding = Value<typeof DoctorFinding>;

/** What can be asked of what is around a node. */
export const DOCTOR_OPERATIONS = {
  doctor: {
    does: 'GET /v1/doctor',
    summary: 'What `steward doctor` finds about this node: its disk, clock, files, database and broker',
    isSlow: true,
    answer: list(DoctorFinding),
  },
} as const satisfies Readonly<Record<string, OperationRow>>;
