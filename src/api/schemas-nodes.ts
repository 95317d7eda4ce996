import {
  ANY_OBJECT,
  COUNT,
  FLAG,
  listOf,
  mapOf,
  ref,
  TEXT,
  TEXT_OR_NULL,
  TIME,
  TIME_OR_NULL,
  whole,
} from './schema-parts.ts';

const PRESENCES = ['here', 'away', 'unknown'] as const;

const UNKNOWN_TARGET = {
  type: 'object',
  properties: {
    target: TEXT,
    reason: { ...TEXT, description: 'The sentence to show' },
    name: { ...TEXT, description: 'The node that it would mean if that were known' },
  },
  required: ['target', 'reason'],
} as const;

/** Schemas of the types in src/contract/nodes.ts. */
export const NODE_SCHEMAS = {
  Presence: { type: 'string', enum: PRESENCES },
  NodeSummary: whole(
    {
      name: TEXT,
      isSelf: { type: 'boolean', description: 'Whether it is the node that is asked' },
      isCentral: FLAG,
      presence: ref('Presence'),
      lastSeenAt: { ...TIME_OR_NULL, description: 'When it was last heard of, ms since 1970; null = never' },
      version: {
        ...TEXT_OR_NULL,
        description: 'What it told; null for a node that does not, such as one of the original program',
      },
      os: TEXT_OR_NULL,
      arch: TEXT_OR_NULL,
      startedAt: TIME_OR_NULL,
      labels: mapOf(TEXT),
      queued: { ...COUNT, description: 'Messages that wait here for it' },
      running: { ...COUNT, description: 'Requests that it has accepted and not ended yet' },
    },
    'A node that is known',
  ),
  QueueSummary: whole(
    {
      subject: TEXT,
      node: TEXT,
      method: TEXT,
      queued: COUNT,
      oldestQueuedAt: TIME_OR_NULL,
      attempts: { ...COUNT, description: 'Of the message at its head' },
      nextAttemptAt: { ...TIME_OR_NULL, description: 'ms since 1970; null while answers are awaited' },
      waitsFor: { ...TEXT_OR_NULL, description: 'What it waits for, in words' },
    },
    'A queue of messages for one subject',
  ),
  ProcessSummary: whole(
    { id: COUNT, kind: TEXT, name: TEXT, state: TEXT, restarts: COUNT },
    'A process of the node: a unit of its work',
  ),
  TargetAnswer: whole(
    {
      nodes: listOf(ref('NodeSummary')),
      unknown: {
        ...listOf(UNKNOWN_TARGET),
        description: 'Targets that name nobody who is known',
      },
    },
    'Who is meant by targets',
  ),
  StatusAnswer: whole(
    {
      node: TEXT,
      centralNode: TEXT,
      version: TEXT,
      startedAt: TIME,
      broker: whole({ isConnected: FLAG, address: TEXT, fault: TEXT_OR_NULL }),
      counts: { ...mapOf(COUNT), description: 'Requests that are remembered, by state' },
      nodes: whole({ here: COUNT, away: COUNT, unknown: COUNT }),
    },
    'The node that is asked',
  ),
  ArgumentDescription: whole(
    {
      field: { ...TEXT, description: 'methodArgs[0], methodArgs[1...], data, directory, ...' },
      name: TEXT,
      summary: TEXT,
      isRequired: FLAG,
      example: { ...TEXT, description: 'A value to begin with' },
    },
    'One argument, or field of a message, that a method reads',
  ),
  MethodDescription: whole({
    name: TEXT,
    kind: TEXT,
    summary: TEXT,
    args: listOf(ref('ArgumentDescription')),
    isForPeople: { ...FLAG, description: 'Whether people submit it; the others travel among nodes' },
  }),
  ErrorLine: whole({ node: TEXT, line: TEXT }, 'A line that the central node collected in its error log'),
  AuditEntry: { ...ANY_OBJECT, description: 'A line of the audit log, as it was written' },
  Groups: { ...mapOf(listOf(TEXT)), description: 'What each group stands for, by its name' },
} as const;
