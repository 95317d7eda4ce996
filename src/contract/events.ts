import { ErrorLine, NodeSummary } from './nodes.ts';
import type { OperationRow } from './operation.ts';
import { RequestSummary } from './requests.ts';
import {
  about,
  choice,
  count,
  id,
  list,
  literal,
  named,
  object,
  oneOf,
  orNull,
  text,
  time,
  type Value,
  word,
} from './schema.ts';

/** What changed, as server-sent events tell it; `event:` is the type, `data:` the rest as JSON. */
export const ApiEvent = named(
  'ApiEvent',
  oneOf(
    about(object({ type: literal('hello'), at: time }), 'The first one: from here on nothing is missed'),
    about(
      object({ type: literal('requests'), requests: list(RequestSummary) }),
      'Requests in their new state; several changes within 100 ms come as one',
    ),
    about(
      object({ type: literal('many'), count }),
      'So much changed, more at once than events can list or without being asked for `requests`: read the list again',
    ),
    about(
      object({
        type: literal('output'),
        id,
        batch: orNull(text),
        node: text,
        stream: choice('stdout', 'stderr'),
        offset: count,
        data: about(text, { contentEncoding: 'base64' }),
      }),
      'A piece of the output of a request that is followed live',
    ),
    about(object({ type: literal('nodes'), nodes: list(NodeSummary) }), 'Nodes in their new state'),
    about(object({ type: literal('errors'), lines: list(ErrorLine) }), 'Lines that were collected'),
  ),
  'A server-sent event: `event` is the type, `data` the rest of the object as JSON',
);
export type ApiEvent = Value<typeof ApiEvent>;

const EventFilter = object(
  {},
  {
    type: list(about(choice('hello', 'requests', 'many', 'output', 'nodes', 'errors'), 'Type of event')),
    batch: about(word, 'Id of a batch'),
    id: about(word, 'Id of a request'),
    node: list(about(word, 'Name of a node')),
    outputOf: list(about(word, 'Id of a request or a batch whose output is sent too, besides all else')),
  },
);
/** Which events to send; without any filter all but outputs. */
export type EventFilter = Value<typeof EventFilter>;

export const EVENT_OPERATIONS = {
  events: {
    does: 'GET /v1/events',
    summary: 'What changes, as server-sent events',
    query: EventFilter,
    answer: 'events',
  },
} as const satisfies Readonly<Record<string, OperationRow>>;
