import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PROJECT = join(import.meta.dirname, '../..');
const FENCE = /^```(json|yaml)([^\n]*)\n(.*?)^```$/gms;

/** A message in the documentation, and what the page says of it. */
export interface DocumentedMessage {
  /** The page, and the line on which the message begins. */
  readonly place: string;
  readonly text: string;
  /** The state in which it is to end, `none` where there is none, or `refused`. */
  readonly outcome: string;
}

/**
 * Every message that the pages show, and the files of doc/examples. Behind the word `json` or `yaml` of its fence a
 * message may say `state=<state>` or `refused`; without that it succeeds. What is marked `answer` is no message.
 */
export function documentedMessages(): DocumentedMessage[] {
  const paths = ['README.md', 'ARCHITECTURE.md', ...globSync('doc/**/*.md', { cwd: PROJECT }).toSorted()];
  const inPages = paths.flatMap(messagesOf);
  const outcomes = new Map(inPages.map(({ text, outcome }) => [text, outcome]));
  const files = globSync('doc/examples/*.json', { cwd: PROJECT }).toSorted();
  const inFiles = files.map((place) => {
    const text = read(place);
    return { place, text, outcome: outcomes.get(text) ?? 'succeeded' };
  });
  return [...inPages, ...inFiles];
}

/** The text with every table as narrow as it can be. */
export function ignoringWidths(text: string): string {
  return text.replace(/ {2,}/g, ' ').replace(/-{3,}/g, '---');
}

/** The first message on a method's page. */
export function firstExample(method: string): string | undefined {
  return new RegExp(FENCE.source, 'ms').exec(read(`doc/methods/${method}.md`))?.[3];
}

/** The methods that the program has, from the files that make them. */
export function methodNames(): string[] {
  const files = globSync('src/{methods,relay}/**/req-*.ts', { cwd: PROJECT }).filter(
    (file) => !file.endsWith('.test.ts'),
  );
  return files.map((file) => /^ {4}name: '(REQ\w+)'/m.exec(read(file))?.[1] ?? file).toSorted();
}

function messagesOf(path: string): DocumentedMessage[] {
  const page = read(path);
  return [...page.matchAll(FENCE)].flatMap(({ index, 2: words = '', 3: text = '' }) => {
    const info = words.trim();
    if (info === 'answer') return [];
    const place = `${path}:${page.slice(0, index).split('\n').length}`;
    return [{ place, text, outcome: info.replace(/^state=/, '') || 'succeeded' }];
  });
}

function read(path: string): string {
  return readFileSync(join(PROJECT, path), 'utf8');
}
