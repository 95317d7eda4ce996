import { factsLength, type NodeFacts, readHello, sumOfHello } from './hello-facts.ts';

/** What is known of another node, until something else is heard. */
export interface KnownNode {
  /** When it was last heard of, ms on the steady clock; null where never. */
  heardAt: number | null;
  /** The same by the wall clock as it stood then, unix ms. */
  seenAt: number;
  /** What its last hello told that told something, a sum of the whole, and when that came, unix ms; and the same on the steady clock. */
  facts: NodeFacts | undefined;
  sum: number;
  helloAt: number | null;
  toldAt: number;
  /** Whether a lane to it found nobody, and nothing was heard of it since. */
  isAway: boolean;
  /** When an original node of this name said hello, unix ms. */
  plainAt: number | null;
  /** Subjects where nobody listened when they were last tried: the method may not be served there. */
  deaf: Set<string> | undefined;
  isSaved: boolean;
}

/** From this number of names on that nothing ever came from, these are forgotten. */
const MOST_UNHEARD = 20_000;
/** From this number on nobody is entered whose name was never heard: in an open fleet names may be made up. */
const MOST_NAMES = 50_000;
/** The longest hello of which all is remembered, and the longest once what is remembered comes to the last of these, characters. */
const [LONGEST_HELLO, SHORT_HELLO, MANY_HELLOS] = [16 * 1024, 1024, 8 * 1024 * 1024];

/** The nodes that something is known of, as many as there is room for. */
export class KnownNodes {
  /** All nodes that were ever heard of. */
  readonly heard = new Map<string, KnownNode>();
  /** Those that nothing ever came from: such names may be made up, and what is said of them is learned again. */
  readonly #unheard = new Map<string, KnownNode>();
  /** How long all is that hellos told and that is remembered. */
  #factsLength = 0;

  /** How long a hello may be of which all is remembered, characters: made-up nodes that say much of themselves are not to fill the memory. */
  get longestHello(): number {
    return this.#factsLength < MANY_HELLOS ? LONGEST_HELLO : SHORT_HELLO;
  }

  /** Whether a node is entered that is heard of. */
  hasRoomFor(name: string): boolean {
    return this.heard.size < MOST_NAMES || this.heard.has(name);
  }

  /** What is known of a node, where something is. */
  get(name: string): KnownNode | undefined {
    return this.heard.get(name) ?? this.#unheard.get(name);
  }

  /** What is known of a node, which may be nothing yet. */
  of(name: string): KnownNode {
    const before = this.get(name);
    if (before) return before;
    const untold = { facts: undefined, sum: 0, helloAt: null, toldAt: 0, plainAt: null };
    const known = { heardAt: null, seenAt: 0, isAway: false, deaf: undefined, isSaved: true, ...untold };
    if (!this.hasRoomFor(name)) return known;
    if (this.#unheard.size >= MOST_UNHEARD) this.#unheard.clear();
    this.#unheard.set(name, known);
    return known;
  }

  /** Something came from a node, so that it stays known where there is room for it; returns what is known of it. */
  enter(name: string): KnownNode {
    const known = this.of(name);
    if (this.heard.has(name) || !this.hasRoomFor(name)) return known;
    this.#unheard.delete(name);
    this.heard.set(name, known);
    return known;
  }

  /** Remembers the hello of a node that was entered, which came at a time, unix ms. */
  keep(name: string, hello: string, at: number): void {
    const known = this.of(name);
    const facts = readHello(hello, at);
    if (this.heard.has(name)) this.#factsLength += factsLength(facts) - factsLength(known.facts);
    Object.assign(known, { facts, helloAt: at, sum: sumOfHello(hello) });
  }

  /** Returns whether there was something to forget. */
  forget(name: string): boolean {
    if (!this.heard.has(name)) return this.#unheard.delete(name);
    this.#factsLength -= factsLength(this.heard.get(name)?.facts);
    return this.heard.delete(name);
  }
}
