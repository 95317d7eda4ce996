import type { MethodDescription } from '../contract/nodes.ts';
import type { Method } from '../methods/method.ts';

/** What forms and help show of the methods, by name. */
export function describeMethods(methods: ReadonlyMap<string, Method>): MethodDescription[] {
  return [...methods.values()]
    .map(({ name, kind, summary, args, isForPeople = true }) => ({ name, kind, summary, args, isForPeople }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
