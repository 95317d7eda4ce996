import type { TrustMode } from '../config/trust-config.ts';
import type { Pace } from './pace.ts';
import type { Refusals } from './refusals.ts';

/** Makes what is to be said of a node next to its name: that nobody proves who it is, or that it sends too much. */
export function nodeNotes(
  options: { readonly mode: TrustMode; readonly nodeName: string; readonly originals: readonly string[] },
  deps: { readonly refusals: Pick<Refusals, 'provers'>; readonly pace: Pick<Pace, 'noteOf'> },
): (node: string) => string | undefined {
  const { mode, nodeName, originals } = options;
  if (mode === 'open') return () => undefined;
  return (node) => {
    const flood = deps.pace.noteOf(node);
    if (flood !== undefined || node === nodeName) return flood;
    if (originals.includes(node)) return 'trusted without proof';
    return deps.refusals.provers.has(node) ? undefined : 'not proved';
  };
}
