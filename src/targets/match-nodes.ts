import type { NodeSummary } from '../contract/nodes.ts';
import { fitsGlob, type Glob } from '../lib/glob.ts';
import { nearest } from '../lib/nearest.ts';
import { type Expression, parseTarget } from './parse-target.ts';
import { TargetError } from './target-error.ts';

/** What targets choose a node by. */
export type TargetNode = Pick<
  NodeSummary,
  'name' | 'isCentral' | 'presence' | 'version' | 'os' | 'arch' | 'labels'
>;

/** Groups by their names; each holds names, patterns, expressions and other groups. */
export type Groups = Readonly<Record<string, readonly string[]>>;

/** Something in a target that names nothing which is known. */
export interface Unknown {
  readonly kind: 'node' | 'group' | 'label';
  readonly name: string;
  readonly reason: string;
  /** Whether a group names it, and not the target itself. */
  readonly isInGroup?: boolean;
}

/** What a target stands for among some nodes. */
export interface Match {
  readonly names: ReadonlySet<string>;
  readonly unknown: readonly Unknown[];
  /** What says that a label has not some value, which nodes without the label fit too. */
  readonly denied: readonly { readonly label: string; readonly text: string }[];
}

/** What can be asked of every node, besides its labels. */
const FACTS: Readonly<Record<string, (node: TargetNode) => readonly string[]>> = {
  name: ({ name }) => [name],
  presence: ({ presence }) => [presence],
  version: ({ version }) => (version === null ? [] : [version]),
  // A node tells `linux 6.1.0`, and `os=linux` means that.
  os: ({ os }) => (os === null ? [] : [os, os.split(' ')[0]!]),
  arch: ({ arch }) => (arch === null ? [] : [arch]),
};

const PRESENCES = ['here', 'away', 'unknown'];
const LABEL_PREFIX = 'label:';

/** Finds nodes by expressions; one matcher serves all targets of a call, so that a group is worked out once. */
export class NodeMatcher {
  readonly #nodes: readonly TargetNode[];
  readonly #names: ReadonlySet<string>;
  readonly #groups: Groups;
  readonly #ofGroups = new Map<string, Match>();

  constructor(nodes: readonly TargetNode[], groups: Groups) {
    this.#nodes = nodes;
    this.#names = new Set(nodes.map(({ name }) => name));
    this.#groups = groups;
  }

  /** The nodes that an expression means. Throws TargetError for groups that hold themselves. */
  match(expression: Expression, path: readonly string[] = []): Match {
    switch (expression.kind) {
      case 'name':
        return this.#byName(expression, path);
      case 'group':
        return this.#group(expression.name, path);
      case 'match':
        return this.#byLabel(expression);
      case 'not':
        return this.#not(expression.part, path);
      case 'or':
        return union(expression.parts.map((part) => this.match(part, path)));
      case 'and':
        return intersection(expression.parts.map((part) => this.match(part, path)));
    }
  }

  /** `*` by itself means the nodes that central controls; in a group it means what it says. */
  #byName({ glob, text }: { glob: Glob; text: string }, path: readonly string[]): Match {
    if (text === '*' && path.length === 0) return known(this.#where(({ isCentral }) => !isCentral));
    if (glob.plain === undefined) return known(this.#where(({ name }) => fitsGlob(glob, name)));
    if (this.#names.has(glob.plain)) return known(new Set([glob.plain]));
    return { ...known(new Set()), unknown: [unknownNode(glob.plain, this.#names)] };
  }

  #byLabel({ key, glob, text }: { key: string; glob: Glob; text: string }): Match {
    const fact = Object.hasOwn(FACTS, key) ? FACTS[key] : undefined;
    if (key === 'presence' && glob.plain !== undefined && !PRESENCES.includes(glob.plain))
      throw new TargetError(`${text} fits no node: the presence of a node is here, away or unknown`);
    // What is not known fits the empty value, and no pattern, as without a label: `os=*` means those that told theirs.
    if (fact !== undefined)
      return known(
        this.#where((node) => {
          const values = fact(node);
          return values.length === 0 ? glob.plain === '' : values.some((value) => fitsGlob(glob, value));
        }),
      );
    const label = labelOf(key);
    const names = this.#where(({ labels }) =>
      Object.hasOwn(labels, label) ? fitsGlob(glob, labels[label]!) : glob.plain === '',
    );
    return { ...known(names), unknown: this.#unknownLabel(label) };
  }

  #group(name: string, path: readonly string[]): Match {
    const done = this.#ofGroups.get(name);
    if (done !== undefined) return done;
    if (path.includes(name)) throw new TargetError(loopText(name, path));
    const members = Object.hasOwn(this.#groups, name) ? this.#groups[name] : undefined;
    if (members === undefined)
      return { ...known(new Set()), unknown: [unknownGroup(name, Object.keys(this.#groups))] };
    const inside = members.map((member) => this.member(member, [...path, name]));
    const { names, unknown } = union(inside);
    const match = {
      // Whoever wrote the group meant what it says.
      ...known(names),
      unknown: unknown.map((one) => ({
        ...one,
        isInGroup: true,
        reason: `in the group @${name}: ${one.reason}`,
      })),
    };
    this.#ofGroups.set(name, match);
    return match;
  }

  /** The nodes that a text means: the one of exactly this name, else what the text says when it is read. */
  member(text: string, path: readonly string[] = []): Match {
    if (this.#names.has(text)) return known(new Set([text]));
    return this.match(parseTarget(text), path);
  }

  #not(part: Expression, path: readonly string[]): Match {
    const { names, unknown, denied } = this.match(part, path);
    const isValue = part.kind === 'match' && !Object.hasOwn(FACTS, part.key);
    // Whoever writes `region!=` or `region!=*` speaks of the nodes without the label.
    const isOfOthers = isValue && part.glob.parts.some(({ kind }) => kind !== 'any');
    return {
      names: this.#where(({ name }) => !names.has(name)),
      unknown,
      denied: isOfOthers ? [{ label: labelOf(part.key), text: deniedText(part.text) }] : denied,
    };
  }

  #where(isMeant: (node: TargetNode) => boolean): Set<string> {
    const names = new Set<string>();
    for (const node of this.#nodes) if (isMeant(node)) names.add(node.name);
    return names;
  }

  /** A label that no node has may be right, and is taken for a slip where a node has one that looks like it. */
  #unknownLabel(name: string): Unknown[] {
    const labels = new Set<string>();
    for (const node of this.#nodes) for (const label of Object.keys(node.labels)) labels.add(label);
    if (labels.has(name)) return [];
    const close = nearest(name, [...labels, ...Object.keys(FACTS)]);
    if (close === undefined) return [];
    return [
      { kind: 'label', name, reason: `no node has a label ${JSON.stringify(name)}; did you mean ${close}?` },
    ];
  }
}

function known(names: ReadonlySet<string>): Match {
  return { names, unknown: [], denied: [] };
}

function deniedText(text: string): string {
  return text.includes('!=') ? text : `not ${text}`;
}

function labelOf(key: string): string {
  return key.startsWith(LABEL_PREFIX) ? key.slice(LABEL_PREFIX.length) : key;
}

function union(all: readonly Match[]): Match {
  const names = new Set<string>();
  for (const match of all) for (const name of match.names) names.add(name);
  return { ...joined(all), names };
}

function joined(all: readonly Match[]): Omit<Match, 'names'> {
  return {
    unknown: all.flatMap(({ unknown }) => unknown),
    denied: all.flatMap(({ denied }) => denied),
  };
}

function intersection(all: readonly Match[]): Match {
  const [first, ...more] = all;
  const names = [...(first?.names ?? [])].filter((name) => more.every((match) => match.names.has(name)));
  return { ...joined(all), names: new Set(names) };
}

function unknownNode(name: string, names: ReadonlySet<string>): Unknown {
  const close = nearest(name, names);
  const hint = close === undefined ? '' : `; did you mean ${close}?`;
  const several = name.includes(',') ? '; several targets are words of their own, without commas' : '';
  return { kind: 'node', name, reason: `no node ${JSON.stringify(name)} is known${several || hint}` };
}

function unknownGroup(name: string, groups: readonly string[]): Unknown {
  const close = nearest(name, groups);
  const all =
    groups.length === 0
      ? 'there are no groups'
      : `the groups are ${groups
          .slice(0, 10)
          .map((one) => `@${one}`)
          .join(', ')}`;
  const hint = close === undefined ? all : `did you mean @${close}?`;
  return { kind: 'group', name, reason: `there is no group @${name}; ${hint}` };
}

/** Says how a group comes to hold itself, from where the loop begins. */
function loopText(name: string, path: readonly string[]): string {
  const loop = [...path.slice(path.indexOf(name)), name].map((one) => `@${one}`);
  return `the group @${name} holds itself: ${loop.join(' -> ')}; take it out of the groups file`;
}
