import type { Dirent } from 'node:fs';

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A page that lists a folder: its folders first, then its files; names with a leading dot are left out. */
export function folderPage(path: string, entries: readonly Dirent[]): string {
  const shown = entries
    .filter(({ name }) => !name.startsWith('.'))
    .map((entry) => ({ name: entry.isDirectory() ? `${entry.name}/` : entry.name, rank: rankOf(entry) }))
    .sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : 1));
  // "./" keeps a name with a colon from being taken for another scheme.
  const links = shown.map(({ name }) => `<a href="./${linkOf(name)}">${escaped(name)}</a>`);
  const up = path === '/' ? [] : ['<a href="../">../</a>'];
  const title = escaped(path);
  return `<!doctype html>
<meta charset="utf-8">
<title>${title}</title>
<h1>${title}</h1>
<pre>
${[...up, ...links].join('\n')}
</pre>
`;
}

function rankOf(entry: Dirent): number {
  return entry.isDirectory() ? 0 : 1;
}

function linkOf(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/');
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}
