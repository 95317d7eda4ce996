import { type ComponentChild, h } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Tasks } from './parts.ts';

/** The id of the list, for the fields in which targets are typed. */
export const GROUPS = 'groups';

/** The groups that this node knows, offered where targets are typed. */
export function Groups({ tasks }: { tasks: Pick<Tasks, 'groups'> }): ComponentChild {
  const [names, setNames] = useState<readonly string[]>([]);
  useEffect(() => {
    const over = new AbortController();
    // Not before somebody is about to type: over a thin line each answer counts.
    const ask = ({ target }: FocusEvent) => {
      if ((target as HTMLInputElement).list?.id !== GROUPS) return;
      over.abort();
      void tasks.groups().then(setNames);
    };
    document.addEventListener('focusin', ask, { signal: over.signal });
    return () => over.abort();
  }, [tasks]);
  const option = (name: string) => h('option', { value: `@${name}` });
  return h('datalist', { id: GROUPS }, names.map(option));
}
