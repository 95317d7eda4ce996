import type { SentRequest } from '../message/sent-request.ts';

/** A request with its place among all of this node: the newer, the higher. */
export type KeyedRequest = SentRequest & { readonly key: number };

export interface RequestsTo {
  /** The newest requests to a subject, `limit` at most, that come after one. */
  requestsTo(subject: string, limit: number, after: number): readonly KeyedRequest[];
}

/** How many of the requests to one subject are known, the newest ones. */
const MOST_OF_SUBJECT = 1000;
/** More subjects than this push out the one that was not asked about for longest. */
const MOST_SUBJECTS = 64;

interface OfSubject {
  newest: number;
  count: number;
  readonly ids: Map<string, Set<string>>;
}

/**
 * Finds requests to a subject by marks that follow from what they say. Each request is read once, so that a flood of
 * replies to none of them costs no more than one that is to one.
 */
export class RequestIndex {
  readonly #requests: RequestsTo;
  readonly #marksOf: (request: SentRequest) => readonly string[];
  readonly #subjects = new Map<string, OfSubject>();

  constructor(requests: RequestsTo, marksOf: (request: SentRequest) => readonly string[]) {
    this.#requests = requests;
    this.#marksOf = marksOf;
  }

  /** The ids of the requests with a mark, the newest first. */
  find(subject: string, mark: string): string[] {
    return [...(this.#of(subject).ids.get(mark) ?? [])].reverse();
  }

  #of(subject: string): OfSubject {
    const known = this.#subjects.get(subject);
    this.#subjects.delete(subject);
    const isFull = known === undefined || known.count >= 2 * MOST_OF_SUBJECT;
    const of = isFull ? { newest: -1, count: 0, ids: new Map() } : known;
    const found = this.#requests.requestsTo(subject, MOST_OF_SUBJECT, of.newest);
    for (const request of found.toReversed()) this.#add(request, of);
    // Names of subjects come from elsewhere too.
    if (of.count > 0) this.#subjects.set(subject, of);
    if (this.#subjects.size > MOST_SUBJECTS) this.#subjects.delete(this.#subjects.keys().next().value!);
    return of;
  }

  #add(request: KeyedRequest, of: OfSubject): void {
    of.newest = Math.max(of.newest, request.key);
    of.count++;
    for (const mark of this.#marksOf(request)) {
      const ids = of.ids.get(mark) ?? new Set();
      of.ids.set(mark, ids.add(request.id));
    }
  }
}
