import { FAULT_CODES } from '../contract/routes.ts';
import { COUNT, ID, listOf, ref, TEXT, TEXT_OR_NULL, TIME, whole } from './schema-parts.ts';

/** Schemas of the types in src/contract/events.ts and of what the API says where it refuses. */
export const EVENT_SCHEMAS = {
  ApiEvent: {
    oneOf: [
      whole({ type: { const: 'hello' }, at: TIME }, 'The first one: from here on nothing is missed'),
      whole(
        { type: { const: 'requests' }, requests: listOf(ref('RequestSummary')) },
        'Requests in their new state; several changes within 100 ms come as one',
      ),
      whole(
        { type: { const: 'many' }, count: COUNT },
        'More changed at once than is told one by one: read the list again',
      ),
      whole(
        {
          type: { const: 'output' },
          id: ID,
          batch: TEXT_OR_NULL,
          node: TEXT,
          stream: { type: 'string', enum: ['stdout', 'stderr'] },
          offset: COUNT,
          data: { type: 'string', contentEncoding: 'base64' },
        },
        'A piece of the output of a request that is told of live',
      ),
      whole({ type: { const: 'nodes' }, nodes: listOf(ref('NodeSummary')) }, 'Nodes in their new state'),
      whole({ type: { const: 'errors' }, lines: listOf(ref('ErrorLine')) }, 'Lines that were collected'),
    ],
    description: 'A server-sent event: `event` is the type, `data` the rest of the object as JSON',
  },
  ApiFault: whole({
    error: {
      type: 'object',
      properties: {
        code: { type: 'string', enum: FAULT_CODES },
        message: { type: 'string', description: 'A sentence for people' },
        field: { type: 'string', description: 'What it is about: a query value or a field of the body' },
      },
      required: ['code', 'message'],
    },
  }),
} as const;
