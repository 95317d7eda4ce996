import { EVENT_SCHEMAS } from './schemas-events.ts';
import { NODE_SCHEMAS } from './schemas-nodes.ts';
import { REQUEST_SCHEMAS } from './schemas-requests.ts';

/** Every type of what the API takes and gives, by its name in src/contract; a test holds the two against each other. */
export const SCHEMAS = { ...NODE_SCHEMAS, ...REQUEST_SCHEMAS, ...EVENT_SCHEMAS } as const;

export type SchemaName = keyof typeof SCHEMAS;
