import { ErrorLine, NodeSummary } from './nodes.ts';
import type { OperationRow } from './operation.ts';
import { RequestSummary } from './requests.ts';
import * as s from './schema.ts';

/** What changed, as server-sent events tell it; `event:` is the type, `data:` the rest as JSON. */
export const ApiEvent = s.named(
  'ApiEvent',
  s.oneOf(
    s.about(
      s.object({ type: s.literal('hello'), at: s.time }),
      'The first one: from here on nothing is missed',
    ),
    s.about(
      s.object({ type: s.literal('requests'), requests: s.list(RequestSummary) }),
      'Requests in their new state; several changes within 100 ms come as one',
    ),
    s.about(
      s.object({ type: s.literal('many'), count: s.count }),
      'So much changed, more at once than events can list or without being asked for `requests`: read the list again',
    ),
    s.about(
      s.object({
        type: s.literal('output'),
        id: s.id,
        batch: s.orNull(s.text),
        node: s.text,
        stream: s.choice('stdout', 'stderr'),
        offset: s.count,
        data: s.about(s.text, { contentEncoding: 'base64' }),
      }),
      'A piece of the output of a request that is followed live',
    ),
    s.about(s.object({ type: s.literal('nodes'), nodes: s.list(NodeSummary) }), 'Nodes in their new state'),
    s.about(s.object({ type: s.literal('errors'), lines: s.list(ErrorLine) }), 'Lines that were collected'),
  ),
  'A server-sent event: `event` is the type, `data` the rest of the object as JSON',
);
export type ApiEvent = s.Value<typeof ApiEvent>;

const EventFilter = s.object(
  {},
  {
    type: s.list(
      s.about(s.choice('hello', 'requests', 'many', 'output', 'nodes', 'errors'), 'Type of event'),
    ),
    batch: s.about(s.word, 'Id of a batch'),
    id: s.about(s.word, 'Id of a request'),
    node: s.list(s.about(s.word, 'Name of a node')),
    outputOf: s.list(
      s.about(s.word, 'Id of a request or a batch whose output is sent too, besides all else'),
    ),
  },
);
/** Which events to send; without any filter all but outputs. */
export type EventFilter = s.Value<typeof EventFilter>;

export const EVENT_OPERATIONS = {
  events: {
    does: 'GET /v1/events',
    summary: 'What changes, as server-sent events',
    query: EventFilter,
    answer: 'events',
  },
} as const satisfies Readonly<Record<string, OperationRow>>;
