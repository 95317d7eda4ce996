import type { RequestSummary } from './requests.ts';

/** What one node answered to a command. */
export interface NodeAnswer {
  readonly node: string;
  /** How it ended, in words such as `exit code 0`. */
  readonly end: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Nodes that answered the same. */
export interface AnswerGroup extends Omit<NodeAnswer, 'node'> {
  readonly nodes: readonly string[];
}

/** Puts the same answers together, those of most nodes first. */
export function foldAnswers(answers: Iterable<NodeAnswer>): AnswerGroup[] {
  const groups = new Map<string, Omit<AnswerGroup, 'nodes'> & { readonly nodes: string[] }>();
  for (const { node, ...answer } of answers) {
    const key = JSON.stringify([answer.end, answer.stdout, answer.stderr]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { nodes: [node], ...answer });
    else group.nodes.push(node);
  }
  return [...groups.values()].sort((a, b) => b.nodes.length - a.nodes.length);
}

/** How a request ended, in the words of an answer. */
export function endWords({
  state,
  exitCode,
  signal,
}: Pick<RequestSummary, 'state' | 'exitCode' | 'signal'>): string {
  if (signal !== null) return `${state} by ${signal}`;
  return exitCode === null ? state : `exit code ${exitCode}`;
}

/** With more lines than this a difference is not worked out. */
const MOST_LINES = 1000;

/** The lines in which a text differs from another, with `-` and `+` in front; undefined where that is no shorter than the text. */
export function lineDiff(from: string, to: string): string[] | undefined {
  const [old, fresh] = [linesOf(from), linesOf(to)];
  if (old.length > MOST_LINES || fresh.length > MOST_LINES) return undefined;
  const diff = changedLines(old, fresh);
  return diff.length < fresh.length || diff.length <= 2 ? diff : undefined;
}

function changedLines(old: readonly string[], fresh: readonly string[]): string[] {
  const lengths = commonLengths(old, fresh);
  const changed: string[] = [];
  let [a, b] = [0, 0];
  while (a < old.length && b < fresh.length) {
    if (old[a] === fresh[b]) {
      a++;
      b++;
    } else if (lengths[a + 1]![b]! >= lengths[a]![b + 1]!) changed.push(`-${old[a++]}`);
    else changed.push(`+${fresh[b++]}`);
  }
  const rest = [...old.slice(a).map((line) => `-${line}`), ...fresh.slice(b).map((line) => `+${line}`)];
  return [...changed, ...rest];
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** How many lines the rests of two lists have in common, from each place on. */
function commonLengths(old: readonly string[], fresh: readonly string[]): Uint16Array[] {
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint16Array(fresh.length + 1));
  for (let a = old.length - 1; a >= 0; a--)
    for (let b = fresh.length - 1; b >= 0; b--)
      lengths[a]![b] =
        old[a] === fresh[b]
          ? lengths[a + 1]![b + 1]! + 1
          : Math.max(lengths[a + 1]![b]!, lengths[a]![b + 1]!);
  return lengths;
}
