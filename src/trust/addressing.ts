import type { TrustMode } from '../config/trust-config.ts';
import { ERROR_CENTRAL } from '../message/names.ts';
import { provedSubject, receiverOf } from '../message/subject.ts';

/** What decides how a node is addressed. */
export interface Addressee {
  readonly mode: TrustMode;
  readonly nodeName: string;
  readonly centralNodeName: string;
  readonly toNode: string;
  /** Whether it has named the word `from`; undefined where it has named none yet. */
  readonly wantsProof: boolean | undefined;
  /** Whether the operator lets it be without proof. */
  readonly isOriginal: boolean;
  /** Whether this node hears what comes with proof itself. */
  readonly hearsProof: boolean;
}

/**
 * Whether a message goes on the subject with which the broker proves its sender. The ships of a closed fleet have no other:
 * central may answer before it names the word. Central is closed first, and ships that are open yet hear none of it.
 */
export function goesWithProof(to: Addressee): boolean {
  const { mode, nodeName, centralNodeName, toNode } = to;
  if (to.isOriginal) return false;
  const isOwn = toNode === nodeName || (toNode === ERROR_CENTRAL && nodeName === centralNodeName);
  if (isOwn) return mode !== 'open' && to.hearsProof;
  if (mode === 'closed') return nodeName !== centralNodeName || to.wantsProof !== false;
  return to.wantsProof === true;
}

const MOST_WAYS = 10_000;
/** Subjects of messages and questions; answers go back on one that whoever asked names. */
const GOES_OUT = /\.(?:(?:Command|Event)N?ACK|State)$/;

interface AddressingDeps {
  readonly nodeName: string;
  readonly centralNodeName: string;
  readonly originals: ReadonlySet<string>;
  readonly mode: TrustMode;
  readonly hearsProof: () => boolean;
}

/** Finds the subject on which a message goes out, by what its target has said and by what the broker lets through. */
export class Addressing {
  readonly #deps: AddressingDeps;
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
    const { nodeName, centralNodeName, mode, originals, hearsProof } = this.#deps;
    if (this.arePlain) return subject;
    const way = this.#wayOf(subject);
    const to = toNode ?? way.to;
    const mayHear = !originals.has(to) && this.#wantsProof.get(to) !== false;
    if (mayHear && this.#turned.has(subject)) return way.proved;
    if (this.#isPlain) return subject;
    const isProved = goesWithProof({
      ...{ mode, nodeName, centralNodeName, toNode: to },
      ...{
        wantsProof: this.#wantsProof.get(to),
        isOriginal: originals.has(to),
        hearsProof: hearsProof(),
      },
    });
    return isProved ? way.proved : subject;
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
