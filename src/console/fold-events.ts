import type { Operations } from '../contract/contract.ts';
import type { ApiEvent } from '../contract/events.ts';

/** How often a browser is told that something changed, at most, ms. */
const EVERY_MS = 250;

/**
 * Events as a page can bear them: however much changes, at most four times a second one `many` with how much it was, for the
 * page to read anew what it shows. Who follows one request gets its events as they are.
 */
export function foldEvents(events: Operations['events'], everyMs = EVERY_MS): Operations['events'] {
  return (query, listener) => {
    if (query.id !== undefined) return events(query, listener);
    let changes = 0;
    let timer: NodeJS.Timeout | undefined;
    const tell = () => {
      timer = undefined;
      const count = changes;
      changes = 0;
      listener({ type: 'many', count });
    };
    const source = events({ ...query, type: ['hello', 'requests', 'nodes', 'errors', 'many'] }, (event) => {
      if (event.type === 'hello') return listener(event);
      changes += sizeOf(event);
      timer ??= setTimeout(tell, everyMs);
    });
    return {
      [Symbol.dispose]: () => {
        clearTimeout(timer);
        source[Symbol.dispose]();
      },
    };
  };
}

function sizeOf(event: ApiEvent): number {
  if (event.type === 'requests') return event.requests.length;
  if (event.type === 'nodes') return event.nodes.length;
  return event.type === 'many' ? event.count : 1;
}
