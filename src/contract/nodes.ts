import { NodeDetail } from './node-detail.ts';
import type { OperationRow } from './operation.ts';
import * as s from './schema.ts';
import { REQUEST_STATES } from './states.ts';

export const Presence = s.named('Presence', s.choice('here', 'away', 'unknown'));
/** Whether a node can be reached, as far as is known. */
export type Presence = s.Value<typeof Presence>;

const PresenceChange = s.named(
  'PresenceChange',
  s.object({ at: s.time, presence: Presence }),
  'That a node came or went',
);
export type PresenceChange = s.Value<typeof PresenceChange>;

/** A node in the list. */
export const NodeSummary = s.named(
  'NodeSummary',
  s.object(
    {
      name: s.text,
      isSelf: s.about(s.flag, 'Whether it is the node that is asked'),
      isCentral: s.flag,
      presence: Presence,
      lastSeenAt: s.about(s.orNull(s.time), 'When it was last heard of, ms since 1970; null = never'),
      usualAwayMs: s.about(
        s.orNull(s.count),
        'While it is away: three times the median of its absences of the last 30 days, ms; null where fewer than three are known. Where it calls: until its call is overdue',
      ),
      version: s.about(
        s.orNull(s.text),
        'What it told; null for a node that does not, as one of the original',
      ),
      os: s.orNull(s.text),
      arch: s.orNull(s.text),
      startedAt: s.orNull(s.time),
      labels: s.map(s.text),
      note: s.about(
        s.orNull(s.text),
        'What else is to be said: that it has not proved who it is, or sends too much',
      ),
      queued: s.about(s.count, 'Messages that wait here for it'),
      running: s.about(s.count, 'Requests that it has accepted and not ended yet'),
    },
    { callsAt: s.about(s.time, 'When it calls next, where it is away between its calls; ms since 1970') },
  ),
  'A node that is known',
);
export type NodeSummary = s.Value<typeof NodeSummary>;

const NodePage = s.named(
  'NodePage',
  s.object(
    {
      items: s.list(NodeSummary),
      next: s.about(s.orNull(s.text), 'The cursor of the next page; null at the end'),
      total: s.about(s.count, 'How many nodes the filter leaves, on all pages'),
      presences: s.about(s.object({ here: s.count, away: s.count, unknown: s.count }), 'Of those'),
    },
    { details: s.about(s.list(NodeDetail), 'Of the items, in their order, where that was asked for') },
  ),
  'Some of the nodes that are known',
);
export type NodePage = s.Value<typeof NodePage>;

const NodeQuery = s.object(
  {},
  {
    target: s.about(s.word, 'Which nodes: a target as of steward exec, such as ship* or site=north'),
    presence: s.about(s.choice('here', 'away', 'unknown'), 'Presence'),
    overdue: s.about(
      s.flag,
      'Only those that are away for longer than usual, or a day where that is not known',
    ),
    sort: s.about(s.choice('name', 'lastSeen', 'queued', 'running'), {
      description: 'By name, or the largest (for lastSeen: the latest) first',
      default: 'name',
    }),
    limit: s.about(s.integer, { description: 'At most this many', minimum: 1, maximum: 1000, default: 100 }),
    cursor: s.about(s.word, '`next` of the page before'),
    details: s.about(s.flag, 'Also how they were here in the last week, and how the way to them does'),
  },
);
/** Which nodes to list, and in which order. */
export type NodeQuery = s.Value<typeof NodeQuery>;

const ProcessSummary = s.named(
  'ProcessSummary',
  s.object({ id: s.count, kind: s.text, name: s.text, state: s.text, restarts: s.count }),
  'A process of the node: a unit of its work',
);
export type ProcessSummary = s.Value<typeof ProcessSummary>;

const UnknownTarget = s.object(
  { target: s.text, reason: s.about(s.text, 'The sentence to show') },
  { name: s.about(s.text, 'The node that it would mean if that were known') },
);
/** A target that names nobody, or a name in it. */
export type UnknownTarget = s.Value<typeof UnknownTarget>;

const TargetAnswer = s.named(
  'TargetAnswer',
  s.object(
    {
      nodes: s.list(NodeSummary),
      unknown: s.about(s.list(UnknownTarget), 'Targets that name nobody who is known'),
    },
    {
      skipped: s.about(
        s.list(UnknownTarget),
        'Names in groups that are not known, while the group means others too',
      ),
      unlabelled: s.about(
        s.list(UnknownTarget),
        'Targets such as label!=value, where they mean nodes that do not have the label',
      ),
    },
  ),
  'Who is meant by targets',
);
export type TargetAnswer = s.Value<typeof TargetAnswer>;

const StatusAnswer = s.named(
  'StatusAnswer',
  s.object({
    node: s.text,
    centralNode: s.text,
    version: s.text,
    startedAt: s.time,
    trust: s.about(s.choice('open', 'watch', 'closed'), 'Who may ask it for what'),
    broker: s.object({ isConnected: s.flag, address: s.text, fault: s.orNull(s.text) }),
    counts: s.about(s.map(s.count), 'Requests that are remembered, by state'),
    nodes: s.object({ here: s.count, away: s.count, unknown: s.count }),
  }),
  'The node that is asked',
);
export type StatusAnswer = s.Value<typeof StatusAnswer>;

const ArgumentDescription = s.named(
  'ArgumentDescription',
  s.object({
    field: s.about(s.text, 'methodArgs[0], methodArgs[1...], data, directory, ...'),
    name: s.text,
    summary: s.text,
    isRequired: s.flag,
    example: s.about(s.text, 'A value to begin with'),
  }),
  'One argument, or field of a message, that a method reads',
);
/** One argument, or field of a message, that a method reads; what forms and help show of it. */
export type ArgumentDescription = s.Value<typeof ArgumentDescription>;

const MethodDescription = s.named(
  'MethodDescription',
  s.object({
    name: s.text,
    kind: s.text,
    summary: s.text,
    args: s.list(ArgumentDescription),
    isForPeople: s.about(s.flag, 'Whether people submit it; the others travel among nodes'),
  }),
);
export type MethodDescription = s.Value<typeof MethodDescription>;

/** A line of the error log. */
export const ErrorLine = s.named(
  'ErrorLine',
  s.object({ node: s.text, line: s.text }),
  'A line that the central node collected in its error log',
);
export type ErrorLine = s.Value<typeof ErrorLine>;

const limit = s.about(s.integer, {
  description: 'At most this many',
  minimum: 1,
  maximum: 10_000,
  default: 100,
});
const node = s.about(s.word, 'Name of a node');

const ErrorFilter = s.object({}, { limit, node });
/** Which collected error lines to give: the last ones, oldest first. */
export type ErrorFilter = s.Value<typeof ErrorFilter>;

const AuditFilter = s.object(
  {},
  {
    limit,
    node,
    method: s.about(s.word, 'Name of a method'),
    state: s.about(s.choice(...REQUEST_STATES), 'State'),
    since: s.about(s.timeInQuery, 'Ended at or after this time'),
    text: s.about(s.word, 'A text that the entry holds somewhere'),
  },
);
/** Which entries of the audit log to give, newest first. */
export type AuditFilter = s.Value<typeof AuditFilter>;

const TARGET = s.about(s.text, { examples: ['ship*', '@group'] });

/** What can be asked of nodes, and of the node itself. */
export const NODE_OPERATIONS = {
  status: {
    does: 'GET /v1/status',
    summary: 'The node itself, and counts of requests and nodes',
    answer: StatusAnswer,
  },
  nodes: {
    does: 'GET /v1/nodes',
    summary: 'Nodes that are known, with presence and queue depth',
    answer: s.list(NodeSummary),
  },
  nodePage: {
    does: 'GET /v1/nodes/page',
    summary: 'Some of the nodes that are known, in an order',
    query: NodeQuery,
    answer: NodePage,
  },
  presence: {
    does: 'GET /v1/nodes/{id}/presence',
    summary: 'When a node, by its name, came and went in the last 30 days, to the minute',
    answer: s.list(PresenceChange),
  },
  targets: {
    does: 'POST /v1/targets',
    summary: 'Who is meant by targets: {"targets": ["ship*", "@group"]}',
    body: s.about(
      s.object({ targets: s.about(s.list(TARGET), { maxItems: 10_000 }) }),
      'Names of nodes, globs, @groups, labels',
    ),
    isQuestion: true,
    answer: TargetAnswer,
  },
  groups: {
    does: 'GET /v1/groups',
    summary: 'Groups of nodes, by name',
    answer: s.named('Groups', s.map(s.list(s.text)), 'What each group stands for, by its name'),
  },
  processes: { does: 'GET /v1/processes', summary: 'Processes of this node', answer: s.list(ProcessSummary) },
  methods: {
    does: 'GET /v1/methods',
    summary: 'Methods with their arguments',
    answer: s.list(MethodDescription),
  },
  errors: {
    does: 'GET /v1/errors',
    summary: 'The last error lines that were collected here',
    query: ErrorFilter,
    answer: s.list(ErrorLine),
  },
  audit: {
    does: 'GET /v1/audit',
    summary: 'Entries of the audit log, newest first',
    query: AuditFilter,
    answer: s.list(s.named('AuditEntry', s.anyObject, 'A line of the audit log, as it was written')),
  },
} as const satisfies Readonly<Record<string, OperationRow>>;
