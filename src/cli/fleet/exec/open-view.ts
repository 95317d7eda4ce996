import type { OutputSink } from './output-sink.ts';
import type { ExecOptions } from './read-options.ts';
import type { RunView, ViewOptions } from './view.ts';

/** How a run is shown, by what was asked for. What one command on one node does without is loaded where it is needed. */
export async function openView(
  { form, prefix, isFolded = false }: Pick<ExecOptions, 'form' | 'prefix'> & { readonly isFolded?: boolean },
  options: Omit<ViewOptions, 'isPrefixed' | 'isFolded'> & { readonly count: number },
): Promise<RunView> {
  const isPrefixed = prefix === 'always' || (prefix === 'auto' && options.count > 1);
  const view = { ...options, isPrefixed, isFolded };
  if (form === 'json') return (await import('./json-view.ts')).createJsonView(view);
  if (form === 'jsonl') return (await import('./json-view.ts')).createJsonLinesView(view);
  if (isFolded) return (await import('./folded-view.ts')).createFoldedView(view);
  if (options.count === 1 && !isPrefixed) return (await import('./plain-view.ts')).createPlainView(view);
  return (await import('./text-view.ts')).createTextView(view);
}

/** Where the output of a run goes: what shows it and, where there is one, the folder of files. */
export async function openSink(
  view: RunView,
  folder: string | undefined,
  nodes: readonly string[],
): Promise<OutputSink> {
  if (folder === undefined) return view.sink;
  const [{ createLogFolder }, { createTee }] = await Promise.all([
    import('./log-folder.ts'),
    import('./output-sink.ts'),
  ]);
  return createTee([view.sink, await createLogFolder(folder, nodes, view.note)]);
}
