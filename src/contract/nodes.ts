import { NodeDetail } from './node-detail.ts';
import type { OperationRow } from './operation.ts';
import {
  about,
  anyObject,
  choice,
  count,
  flag,
  integer,
  list,
  map,
  named,
  object,
  orNull,
  text,
  time,
  timeInQuery,
  type Value,
  word,
} from './schema.ts';
import { REQUEST_STATES } from './states.ts';

export const Presence = named('Presence', choice('here', 'away', 'unknown'));
/** Whether a node can be reached, as far as is known. */
export type Presence = Value<typeof Presence>;

const PresenceChange = named(
  'PresenceChange',
  object({ at: time, presence: Presence }),
  'That a node came or went',
);
export type PresenceChange = Value<typeof PresenceChange>;

/** A node in the list. */
export const NodeSummary = named(
  'NodeSummary',
  object(
    {
      name: text,
      isSelf: about(flag, 'Whether it is the node that is asked'),
      isCentral: flag,
      presence: Presence,
      lastSeenAt: about(orNull(time), 'When it was last heard of, ms since 1970; null = never'),
      usualAwayMs: about(
        orNull(count),
        'While it is away: three times the median of its absences of the last 30 days, ms; null where fewer than three are known. Where it calls: until its call is overdue',
      ),
      version: about(orNull(text), 'What it told; null for a node that does not, as one of the original'),
      os: orNull(text),
      arch: orNull(text),
      startedAt: orNull(time),
      labels: map(text),
      note: about(
        orNull(text),
        'What else is to be said: that it has not proved who it is, or sends too much',
      ),
      queued: about(count, 'Messages that wait here for it'),
      running: about(count, 'Requests that it has accepted and not ended yet'),
    },
    { callsAt: about(time, 'When it calls next, where it is away between its calls; ms since 1970') },
  ),
  'A node that is known',
);
export type NodeSummary = Value<typeof NodeSummary>;

const NodePage = named(
  'NodePage',
  object(
    {
      items: list(NodeSummary),
      next: about(orNull(text), 'The cursor of the next page; null at the end'),
      total: about(count, 'How many nodes the filter leaves, on all pages'),
      presences: about(object({ here: count, away: count, unknown: count }), 'Of those'),
    },
    { details: about(list(NodeDetail), 'Of the items, in their order, where that was asked for') },
  ),
  'Some of the nodes that are known',
);
export type NodePage = Value<typeof NodePage>;

const NodeQuery = object(
  {},
  {
    target: about(word, 'Which nodes: a target as of steward exec, such as ship* or site=north'),
    presence: about(choice('here', 'away', 'unknown'), 'Presence'),
    overdue: about(flag, 'Only those that are away for longer than usual, or a day where that is not known'),
    sort: about(choice('name', 'lastSeen', 'queued', 'running'), {
      description: 'By name, or the largest (for lastSeen: the latest) first',
      default: 'name',
    }),
    limit: about(integer, { description: 'At most this many', minimum: 1, maximum: 1000, default: 100 }),
    cursor: about(word, '`next` of the page before'),
    details: about(flag, 'Also how they were here in the last week, and how the way to them does'),
  },
);
/** Which nodes to list, and in which order. */
export type NodeQuery = Value<typeof NodeQuery>;

const ProcessSummary = named(
  'ProcessSummary',
  object({ id: count, kind: text, name: text, state: text, restarts: count }),
  'A process of the node: a unit of its work',
);
export type ProcessSummary = Value<typeof ProcessSummary>;

const UnknownTarget = object(
  { target: text, reason: about(text, 'The sentence to show') },
  { name: about(text, 'The node that it would mean if that were known') },
);
/** A target that names nobody, or a name in it. */
export type UnknownTarget = Value<typeof UnknownTarget>;

const TargetAnswer = named(
  'TargetAnswer',
  object(
    {
      nodes: list(NodeSummary),
      unknown: about(list(UnknownTarget), 'Targets that name nobody who is known'),
    },
    {
      skipped: about(
        list(UnknownTarget),
        'Names in groups that are not known, while the group means others too',
      ),
    },
  ),
  'Who is meant by targets',
);
export type TargetAnswer = Value<typeof TargetAnswer>;

const StatusAnswer = named(
  'StatusAnswer',
  object({
    node: text,
    centralNode: text,
    version: text,
    startedAt: time,
    trust: about(choice('open', 'watch', 'closed'), 'Who may ask it for what'),
    broker: object({ isConnected: flag, address: text, fault: orNull(text) }),
    counts: about(map(count), 'Requests that are remembered, by state'),
    nodes: object({ here: count, away: count, unknown: count }),
  }),
  'The node that is asked',
);
export type StatusAnswer = Value<typeof StatusAnswer>;

const ArgumentDescription = named(
  'ArgumentDescription',
  object({
    field: about(text, 'methodArgs[0], methodArgs[1...], data, directory, ...'),
    name: text,
    summary: text,
    isRequired: flag,
    example: about(text, 'A value to begin with'),
  }),
  'One argument, or field of a message, that a method reads',
);
/** One argument, or field of a message, that a method reads; what forms and help show of it. */
export type ArgumentDescription = Value<typeof ArgumentDescription>;

const MethodDescription = named(
  'MethodDescription',
  object({
    name: text,
    kind: text,
    summary: text,
    args: list(ArgumentDescription),
    isForPeople: about(flag, 'Whether people submit it; the others travel among nodes'),
  }),
);
export type MethodDescription = Value<typeof MethodDescription>;

/** A line of the error log. */
export const ErrorLine = named(
  'ErrorLine',
  object({ node: text, line: text }),
  'A line that the central node collected in its error log',
);
export type ErrorLine = Value<typeof ErrorLine>;

const limit = about(integer, { description: 'At most this many', minimum: 1, maximum: 10_000, default: 100 });
const node = about(word, 'Name of a node');

const ErrorFilter = object({}, { limit, node });
/** Which collected error lines to give: the last ones, oldest first. */
export type ErrorFilter = Value<typeof ErrorFilter>;

const AuditFilter = object(
  {},
  {
    limit,
    node,
    method: about(word, 'Name of a method'),
    state: about(choice(...REQUEST_STATES), 'State'),
    since: about(timeInQuery, 'Ended at or after this time'),
    text: about(word, 'A text that the entry holds somewhere'),
  },
);
/** Which entries of the audit log to give, newest first. */
export type AuditFilter = Value<typeof AuditFilter>;

const TARGET = about(text, { examples: ['ship*', '@group'] });

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
    answer: list(NodeSummary),
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
    answer: list(PresenceChange),
  },
  targets: {
    does: 'POST /v1/targets',
    summary: 'Who is meant by targets: {"targets": ["ship*", "@group"]}',
    body: about(
      object({ targets: about(list(TARGET), { maxItems: 10_000 }) }),
      'Names of nodes, globs, @groups, labels',
    ),
    isQuestion: true,
    answer: TargetAnswer,
  },
  groups: {
    does: 'GET /v1/groups',
    summary: 'Groups of nodes, by name',
    answer: named('Groups', map(list(text)), 'What each group stands for, by its name'),
  },
  processes: { does: 'GET /v1/processes', summary: 'Processes of this node', answer: list(ProcessSummary) },
  methods: {
    does: 'GET /v1/methods',
    summary: 'Methods with their arguments',
    answer: list(MethodDescription),
  },
  errors: {
    does: 'GET /v1/errors',
    summary: 'The last error lines that were collected here',
    query: ErrorFilter,
    answer: list(ErrorLine),
  },
  audit: {
    does: 'GET /v1/audit',
    summary: 'Entries of the audit log, newest first',
    query: AuditFilter,
    answer: list(named('AuditEntry', anyObject, 'A line of the audit log, as it was written')),
  },
} as const satisfies Readonly<Record<string, OperationRow>>;
