import type { TrustMode } from '../config/trust-config.ts';
import { ERROR_CENTRAL } from '../message/names.ts';
import { provedSubject, receiverOf } from '../message/subject.ts';

const MOST_WAYS = 10_000;
/** Subjects of messages and questions; answers go back on one that whoever asked names. */
const GOES_OUT = /\.(?:(?:Command|Event)N?ACK|State)$/;

interface AddressingDeps {
  readonly nodeName: string;
  readonly centralNodeName: string;
  /** Nodes that the operator lets be without proof. */
  readonly originals: ReadonlySet<string>;
  readonly mode: TrustMode;
  /** Whether this node hears what comes with proof itself. */
  readonly hearsProof: () => boolean;
}

/** Finds the subject on which a message goes out, by what its target has said and by what the broker lets through. */
export class Addressing {
  readonly #deps: AddressingDeps;
  /** By nodes: whether they have named the word `from`, where they have named any. */
  readonly #wantsProof = new Map<string, boolean>();
  /** By lanes' subjects: who takes what travels there, and the subject with proof. */
  readonly #ways = new Map<string, { readonly to: string; readonly proved: string }>();
  /** Lanes' subjects that the broker forbids without proof: a closed fleet's permissions, and a target that has not named its words yet. */
  readonly #turned = new Set<string>();
  #isRefused = false;
  #isUsed = false;

  constructor(deps: AddressingDeps) {
    this.#deps = deps;
  }

  /** A node named its words, in a hello or an answer; undefined where it named none. */
  heardWords(node: string, words: string | undefined): void {
    const wantsProof = ` ${words ?? ''} `.includes(' from ');
    if (wantsProof) this.#isUsed = true;
    if (wantsProof || this.#isUsed || this.#deps.mode !== 'open' || this.#turned.size > 0)
      this.#wantsProof.set(node, wantsProof);
  }

  /** Whether an answer of a node counts that says no more than that it got something: only of those that are named, in a closed fleet. */
  mayBeOriginal(node: string): boolean {
    const { mode, originals, centralNodeName } = this.#deps;
    return mode !== 'closed' || originals.has(node === ERROR_CENTRAL ? centralNodeName : node);
  }

  /** Whether every node is to get the plain subject. */
  get arePlain(): boolean {
    return this.#turned.size === 0 && this.#isPlain;
  }

  get #isPlain(): boolean {
    return (this.#deps.mode === 'open' && !this.#isUsed) || (this.#isRefused && this.#deps.mode !== 'closed');
  }

  /** The subject on which what is for a lane's subject is published. */
  subjectFor(subject: string, toNode?: string): string {
    if (this.arePlain) return subject;
    const way = this.#wayOf(subject);
    return this.#goesWithProof(subject, toNode ?? way.to) ? way.proved : subject;
  }

  /**
   * Whether a message goes on the subject with which the broker proves its sender. The ships of a closed fleet have no other:
   * central may answer before it names the word. Central is closed first, and ships that are open yet hear none of it.
   */
  #goesWithProof(subject: string, to: string): boolean {
    const { nodeName, centralNodeName, mode, originals, hearsProof } = this.#deps;
    const wantsProof = this.#wantsProof.get(to);
    if (originals.has(to)) return false;
    if (this.#turned.has(subject) && wantsProof !== false) return true;
    if (this.#isPlain) return false;
    const isOwn = to === nodeName || (to === ERROR_CENTRAL && nodeName === centralNodeName);
    if (isOwn) return mode !== 'open' && hearsProof();
    if (mode === 'closed') return nodeName !== centralNodeName || wantsProof !== false;
    return wantsProof === true;
  }

  /** Every message asks for it, and reading a subject takes longer than all the rest of it. */
  #wayOf(subject: string): { readonly to: string; readonly proved: string } {
    const { nodeName } = this.#deps;
    const known = this.#ways.get(subject);
    if (known) return known;
    if (this.#ways.size >= MOST_WAYS) this.#ways.clear();
    const way = { to: receiverOf(subject), proved: provedSubject(subject, nodeName) };
    this.#ways.set(subject, way);
    return way;
  }

  /** Another connection may allow more. */
  connected(): void {
    this.#isRefused = false;
    this.#turned.clear();
  }

  /**
   * The broker forbids a subject. With proof: its permissions are from before there was proof. Without: they may be those of
   * a closed fleet, and the next attempt goes the other way, unless the target says that it hears nothing there.
   */
  refused(operation: 'publish' | 'subscription', subject: string): void {
    if (operation !== 'publish') return;
    const proof = provedSubject('', this.#deps.nodeName);
    if (subject.endsWith(proof)) {
      if (!this.#turned.delete(subject.slice(0, -proof.length))) this.#isRefused = true;
    } else if (this.#deps.mode !== 'closed' && GOES_OUT.test(subject) && this.#turned.size < MOST_WAYS)
      this.#turned.add(subject);
  }
}
