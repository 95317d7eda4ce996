import type { Clock } from '../lib/clock.ts';
import { type Measured, SendWindow } from '../link/send-window.ts';
import { BRIEF } from '../message/codec/brief.ts';
import type { LinkLeft } from '../message/link-word.ts';
import { ERROR_CENTRAL } from '../message/names.ts';
import { SUPERSEDES_WORD } from '../message/supersedes.ts';
import { type Store, statement } from '../store/store.ts';
import { Bringers } from './lane/kept-data.ts';
import { lifeIn } from './lane/lane-replies.ts';
import type { Peer } from './lane/peer.ts';

/** The most of a node's words that is kept, characters; and what is kept once `MANY_WORDS` different texts are known: the others are made up. */
const [MAX_WORDS, MAX_OF_MANY, MANY_WORDS] = [1000, 300, 200];

/** Hears the words that nodes name. */
interface WordsListener {
  heardWords(node: string, words: string | undefined): void;
}

interface AliveLane {
  alive(hasConnected?: boolean): void;
}

interface Known {
  readonly peer: Peer;
  /** Seldom more than a few. */
  lanes: readonly AliveLane[];
}

/** What a node named: the text, with a space before and behind each word, and the words, unless too many texts are known. */
interface Words {
  readonly text: string;
  readonly all?: ReadonlySet<string>;
}

/** What is known of the nodes that lanes lead to. Their words outlast the process: who asks a node needs them before it answers. */
export class Peers {
  readonly #clock: Pick<Clock, 'steadyNow' | 'after'>;
  readonly #known = new Map<string, Known>();
  /** The words that nodes named. */
  readonly #words = new Map<string, Words>();
  /** The lives of these nodes, as the reply subjects of what they send name them. */
  readonly #lives = new Map<string, number>();
  /** The same text of many nodes is in memory once. */
  readonly #texts = new Map<string, Words>();
  readonly #store: Pick<Store, 'all' | 'write'>;
  readonly #nodeName: string;
  readonly #centralNodeName: string | undefined;
  readonly #listener: WordsListener | undefined;

  /** The listener hears the words too, also those that are kept from an earlier life. */
  constructor(deps: {
    readonly store: Pick<Store, 'all' | 'write'>;
    readonly clock: Pick<Clock, 'steadyNow' | 'after'>;
    readonly words?: WordsListener;
    readonly nodeName: string;
    readonly centralNodeName?: string | undefined;
  }) {
    this.#nodeName = deps.nodeName;
    this.#centralNodeName = deps.centralNodeName;
    this.#store = deps.store;
    this.#listener = deps.words;
    this.#clock = deps.clock;
    const sql = 'SELECT name, words FROM node_words';
    for (const { name, words } of deps.store.all<{ name: string; words: string }>(sql))
      this.#words.set(name, this.#once(words));
    for (const [name, { text }] of this.#words) deps.words?.heardWords(name, text);
  }

  /** The node of this name and the lanes to it; entered where it was not known. */
  of(node: string): Known {
    const known = this.#known.get(node) ?? {
      peer: new KnownPeer(node, this.#words, this.#clock),
      lanes: [],
    };
    this.#known.set(node, known);
    return known;
  }

  /** A lane leads to a node, until it is forgotten; answers what is known of that. */
  enter(node: string, lane: AliveLane): Peer {
    const known = this.of(node);
    known.lanes = [...known.lanes, lane];
    return known.peer;
  }

  /** The nodes that something was sent to lately, each with what is known of the way there. */
  *measured(): Generator<readonly [node: string, way: Measured]> {
    for (const [node, { peer }] of this.#known) yield [node, peer.window.measured];
  }

  /** A node told what the budget of its link leaves for this one; undefined where it has none. */
  told(node: string, left: LinkLeft | undefined): void {
    if (left !== undefined || this.#known.has(node)) this.of(node).peer.window.told(left);
  }

  /** Bytes came from the node that wants its answer on a subject, `<subject>.reply.<node>.<token>`. */
  heard(reply: string, bytes: number): void {
    const end = reply.lastIndexOf('.');
    const node = end === -1 ? '' : reply.slice(reply.lastIndexOf('.', end - 1) + 1, end);
    this.#known.get(node)?.peer.window.heard(bytes);
  }

  /** This node's connection is gone. */
  disconnected(): void {
    for (const { peer } of this.#known.values()) peer.window.cut();
  }

  /** A lane to a node is gone; of a node that never answered nothing is left then. */
  forget(node: string, lane: AliveLane): void {
    const found = this.#known.get(node);
    if (!found) return;
    found.lanes = found.lanes.filter((one) => one !== lane);
    if (found.lanes.length === 0 && found.peer.speaksLanes === undefined) this.#known.delete(node);
  }

  /** Whether a node has named a word for something that it understands, lately; of itself a node knows that it keeps only the newest. */
  readonly knows = (node: string, word: string): boolean => {
    if (node === this.#nodeName && word === SUPERSEDES_WORD) return true;
    // A brief answer does not say which of the nodes that collect errors gave it.
    if (node === ERROR_CENTRAL && word === BRIEF) return false;
    const words = this.#words.get(node);
    // It is asked several times for each message.
    return words !== undefined && (words.all?.has(word) ?? words.text.includes(` ${word} `));
  };

  /** The words that a node has named, lately, as it named them. */
  readonly wordsOf = (node: string): string | undefined => {
    return this.#words.get(node)?.text.trim();
  };

  /** A node named its words, in a hello or an answer; none takes back what it named before. */
  readonly heardWords = (node: string, words: string | undefined): void => {
    const most = this.#texts.size < MANY_WORDS ? MAX_WORDS : MAX_OF_MANY;
    const known = words ? this.#once(` ${words.slice(0, most)} `) : undefined;
    this.#listener?.heardWords(node, words);
    if (known?.text === this.#words.get(node)?.text) return;
    if (known) this.#words.set(node, known);
    else this.#words.delete(node);
    const [sql, values] = known
      ? ['INSERT OR REPLACE INTO node_words (name, words) VALUES (?, ?)', [node, known.text]]
      : ['DELETE FROM node_words WHERE name = ?', [node]];
    // What could not be written is learned again from the next answer after a start.
    this.#store.write([statement(sql, ...values)]).catch(() => {});
  };

  #once(text: string): Words {
    const known = this.#texts.get(text);
    if (known) return known;
    if (this.#texts.size >= MANY_WORDS) return { text };
    const words = { text, all: new Set(text.trim().split(' ')) };
    this.#texts.set(text, words);
    return words;
  }

  /** Whether a node speaks lanes; undefined where it has not answered yet. */
  readonly speaksLanes = (node: string): boolean | undefined => this.#known.get(node)?.peer.speaksLanes;

  /** Whether a node is one of the original; undefined where that is not known. */
  isOriginal(node: string): boolean | undefined {
    if (this.#words.has(node)) return false;
    const speaksLanes = this.speaksLanes(node);
    return speaksLanes === undefined ? undefined : !speaksLanes;
  }

  /** Something came from a node that wants its answer at `reply`: what was on its way to an earlier life of it is lost, and goes again at once. */
  heardFrom(node: string, reply: string): void {
    const [life, before] = [lifeIn(reply), this.#lives.get(node)];
    if (life !== undefined && this.#words.has(node)) this.#lives.set(node, life);
    this.alive(node, undefined, life !== undefined && before !== undefined && life !== before);
  }

  /**
   * A node was heard of: lanes that wait for it go on at once. A hello also tells what it speaks; where that is
   * not what it spoke before, its next answer decides. What is for errorCentral goes on with the central node.
   */
  alive(
    node: string,
    hello?: { speaksLanes: boolean; hasConnected?: boolean },
    hasConnected = hello?.hasConnected,
  ): void {
    if (node === this.#centralNodeName) this.alive(ERROR_CENTRAL, undefined, hasConnected);
    const found = this.#known.get(node);
    if (!found) return;
    if (hasConnected) found.peer.window.cut();
    if (hello && found.peer.speaksLanes !== hello.speaksLanes) found.peer.speaksLanes = undefined;
    for (const lane of found.lanes) lane.alive(hasConnected);
  }
}

/** A class, since an object with a getter of its own takes 600 bytes more. */
class KnownPeer implements Peer {
  readonly window: SendWindow;
  readonly bringers = new Bringers();
  speaksLanes: boolean | undefined = undefined;
  readonly #node: string;
  readonly #words: ReadonlyMap<string, unknown>;

  constructor(node: string, words: ReadonlyMap<string, unknown>, clock: Pick<Clock, 'steadyNow' | 'after'>) {
    this.window = new SendWindow(clock.steadyNow, clock);
    this.#node = node;
    this.#words = words;
  }

  get hasWords(): boolean {
    return this.#words.has(this.#node);
  }
}
