import type { Operations } from '../contract/contract.ts';
import type { ApiEvent } from '../contract/events.ts';

/** How often a browser is told that something changed, at most, ms. */
const EVERY_MS = 250;

/**
 * Events as a page can bear them: however much changes, and is printed by the requests that it shows (`outputOf`), at most four
 * times a second one `many` with how much it was, for the page to read anew what it shows.
 */
export function foldEvents(events: Operations['events'], everyMs = EVERY_MS): Operations['events'] {
  return (query, listener) => {
    let changes = 0;
    let timer: NodeJS.Timeout | undefined;
    let toldAt = Number.NEGATIVE_INFINITY;
    const tell = () => {
      timer = undefined;
      toldAt = performance.now();
      const count = changes;
      changes = 0;
      listener({ type: 'many', count });
    };
    const source = events(
      { outputOf: query.outputOf, type: ['hello', 'nodes', 'errors', 'many'] },
      (event) => {
        if (event.type === 'hello') return listener(event);
        changes += sizeOf(event);
        timer ??= setTimeout(tell, Math.max(0, toldAt + everyMs - performance.now()));
      },
    );
    return {
      [Symbol.dispose]: () => {
        clearTimeout(timer);
        source[Symbol.dispose]();
      },
    };
  };
}

function sizeOf(event: ApiEvent): number {
  if (event.type === 'nodes') return event.nodes.length;
  return event.type === 'many' ? event.count : 1;
}
