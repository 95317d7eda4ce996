import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { type BuiltPage, PAGE_FILE } from '../src/console/page-files.ts';

const ROOT = join(import.meta.dirname, '..');
const WEB = join(ROOT, 'src/web');
/** What the first load of the console may weigh, in bytes as gzip packs them. */
export const MOST = { 'main.js': 45_000, 'style.css': 8_000 };

/**
 * Builds the console's page into one file: script, style and icon under names that change with their content, packed for
 * browsers beforehand, and the page that names them.
 */
export async function buildWeb(file: string = join(ROOT, PAGE_FILE)): Promise<BuiltPage> {
  const page: Record<string, BuiltPage[string]> = {};
  const names = new Map<string, string>();
  const add = (name: string, type: string, text: string) => {
    const hash = createHash('sha256').update(text).digest('hex').slice(0, 10);
    const path = `/assets/${name.replace('.', `.${hash}.`)}`;
    names.set(name, path);
    page[path] = { type, isImmutable: true, bodies: packed(text) };
  };
  add('main.js', 'text/javascript; charset=utf-8', await bundle());
  add('style.css', 'text/css; charset=utf-8', smallStyle(read('style.css')));
  add('icon.svg', 'image/svg+xml', read('icon.svg'));
  const html = read('index.html').replace(/%([\w.]+)%/g, (_, name: string) => names.get(name)!);
  page['/'] = { type: 'text/html; charset=utf-8', isImmutable: false, bodies: packed(html) };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(page));
  return page;
}

/** How many bytes a file of the page has, packed by gzip. */
export function gzipBytes(page: BuiltPage, name: string): number {
  const [stem, extension] = name.split('.');
  const path = Object.keys(page).find(
    (each) => each.startsWith(`/assets/${stem}.`) && each.endsWith(extension!),
  );
  return Buffer.from(page[path!]!.bodies.gzip, 'base64').length;
}

async function bundle(): Promise<string> {
  const built = await rolldown({ input: join(WEB, 'main.ts'), tsconfig: join(ROOT, 'tsconfig.web.json') });
  const { output } = await built.generate({ format: 'esm', minify: true });
  await built.close();
  return output[0].code;
}

function smallStyle(css: string): string {
  return css
    .replace(/\s+/g, ' ')
    .replace(/ ?([{};,]) ?/g, '$1')
    .replace(/: /g, ':');
}

function packed(text: string): BuiltPage[string]['bodies'] {
  const bytes = Buffer.from(text);
  const [identity, gzip, br] = [bytes, gzipSync(bytes, { level: 9 }), brotliCompressSync(bytes)].map((each) =>
    each.toString('base64'),
  );
  return { identity: identity!, gzip: gzip!, br: br! };
}

function read(name: string): string {
  return readFileSync(join(WEB, name), 'utf8');
}

if (import.meta.main) await buildWeb();
