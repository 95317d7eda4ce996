import type { Bus } from '../bus/bus.ts';
import type { InstanceGuard } from '../fleet/instance-guard.ts';
import type { Journal } from '../journal/journal.ts';
import { knownStates, startedOf } from '../journal/known-states.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { openAfter, statesOfHeld, subjectsOfOpen } from '../ledger/open-requests.ts';
import type { Clock } from '../lib/clock.ts';
import type { Addresses } from '../link/address.ts';
import { HEADER } from '../message/codec/wire-headers.ts';
import type { ReportEntry } from '../message/report.ts';
import {
  decodeQuestion,
  encodeAnswer,
  HELD_WORD,
  type HeldAnswer,
  MAX_IDS,
  type StateAnswer,
  type StateQuestion,
  stateSubject,
} from '../message/state-question.ts';
import { provedSubject, receiverOf, takeProof } from '../message/subject.ts';
import type { WireMessage } from '../message/wire-message.ts';
import type { Logger } from '../observe/logger.ts';
import type { Peers } from '../outbox/peers.ts';
import type { Store } from '../store/store.ts';
import type { AskStates } from './ask-states.ts';
import type { RepliesAndReports } from './replies-and-reports.ts';

interface StateQuestionsDeps {
  readonly bus: Pick<Bus, 'publish' | 'subscribe' | 'isConnected'>;
  readonly store: Store;
  readonly ledger: Pick<Ledger, 'applyReports'>;
  readonly asking: AskStates;
  readonly peers: Pick<Peers, 'knows' | 'wordsOf' | 'heardFrom'>;
  readonly sending: Pick<RepliesAndReports, 'waitingReports' | 'known'>;
  readonly guard: Pick<InstanceGuard, 'isYielding'>;
  readonly journal: Pick<Journal, 'unwritten'>;
  readonly presence: { of(node: string): string };
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
  readonly addresses: Pick<Addresses, 'subjectFor'>;
  readonly trust: {
    /** Whether somebody may say that a question is from a node. */
    believes(claimed: string, proved: string | undefined): boolean;
    /** Whether the answer would come to the sender. */
    answersItsSender(message: Pick<WireMessage, 'subject' | 'reply' | 'sender'>): boolean;
    /** Does what a node asks for again and again, as often as it is due. */
    paced(kind: 'state', sender: string | undefined, work: () => void): void;
    readonly wantsProof: boolean;
    /** What this node understands, for its answers. */
    readonly words: string;
  };
}

/** How often it is looked which nodes are to be asked. */
const LOOK_MS = 10_000;
/** How many nodes are asked at a time: of a fleet that waits none waits for those that do not answer. */
const ASKED_AT_ONCE = 32;
/** Time between two questions about the same node, which doubles up to 6 h. */
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 6 * 3_600_000;

const NOTHING: StateAnswer = { ends: [], gone: [], never: [], upTo: null };

interface Asked {
  nextAt: number;
  pauseMs: number;
  isHere: boolean;
}

/**
 * Reports are the fast way in which a sender learns how its requests ended; asking is the sure one. What nodes took and is
 * open is asked for at the start, when a node comes back, and slowly otherwise. What a node does not know ends as `lost`.
 */
export class StateQuestions implements Disposable {
  readonly #nodeName: string;
  readonly #deps: StateQuestionsDeps;
  readonly #asked = new Map<string, Asked>();
  readonly #stop = new AbortController();
  #served: readonly Disposable[] = [];
  #isServing = false;
  #cancelLook: (() => void) | undefined;
  #looking: Promise<void> | undefined;
  /** Whether a request may be open: a node that sent nothing since it last looked does not ask its database. */
  #mayBeOpen = true;

  constructor(nodeName: string, deps: StateQuestionsDeps) {
    this.#nodeName = nodeName;
    this.#deps = deps;
  }

  /** Answers others from now on, and asks them. */
  serve(): void {
    const { bus, trust } = this.#deps;
    const own = stateSubject(this.#nodeName);
    const subjects = trust.wantsProof ? [own, provedSubject(own, '>')] : [own];
    if (this.#served.length === 0)
      this.#served = subjects.map((subject) => bus.subscribe(subject, this.#hear));
    this.#isServing = true;
    void this.look();
  }

  /** Messages came to a new state: their nodes may have taken them. */
  changed(): void {
    this.#mayBeOpen = true;
    this.#lookLater();
  }

  /** Asks the nodes that are to be asked now; resolves when they have answered, or did not. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((error) =>
        this.#deps.logger.warn({ err: error }, 'the states of open requests could not be asked for'),
      )
      .finally(() => {
        this.#looking = undefined;
        if (this.#mayBeOpen) this.#lookLater();
      });
    return this.#looking;
  }

  #lookLater(): void {
    if (!this.#isServing || this.#stop.signal.aborted) return;
    this.#cancelLook ??= this.#deps.clock.after(LOOK_MS, () => {
      this.#cancelLook = undefined;
      void this.look();
    });
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    this.#cancelLook?.();
    for (const served of this.#served) served[Symbol.dispose]();
  }

  /** Asks the sender of requests that this node holds how they stand there. */
  readonly askSender = async (node: string, held: readonly string[]): Promise<HeldAnswer> => {
    const { bus, peers } = this.#deps;
    const without = peers.wordsOf(node) !== undefined ? 'silent' : 'unknown';
    if (!bus.isConnected) return without;
    const isUnable =
      !peers.knows(node, HELD_WORD) && (await this.#deps.asking.ask(node, { ids: [] })) !== undefined;
    if (!peers.knows(node, HELD_WORD)) return isUnable ? 'older' : without;
    return (await this.#deps.asking.ask(node, { ids: [], held }))?.ends ?? without;
  };

  readonly #hear = ({ subject, payload, reply }: WireMessage): void => {
    const { guard, trust } = this.#deps;
    const asked = takeProof(subject);
    if (!reply || guard.isYielding || !trust.answersItsSender({ ...asked, reply })) return;
    trust.paced('state', asked.sender, () => this.#answer({ payload, reply, sender: asked.sender }));
  };

  #answer({ payload, reply, sender }: Pick<WireMessage, 'payload' | 'reply' | 'sender'>): void {
    const { bus, trust, peers } = this.#deps;
    const question = decodeQuestion(payload);
    if (!question || !trust.believes(question.from, sender)) return;
    peers.heardFrom(question.from, reply);
    bus.publish(reply, encodeAnswer(this.#known(question)), { headers: { [HEADER.knows]: trust.words } });
  }

  #known(question: StateQuestion): StateAnswer {
    const { store, sending } = this.#deps;
    // A report brings the output too: it must not come second.
    const isLater = sending.waitingReports(question.from) > 0;
    const known = isLater ? NOTHING : knownStates(store, question);
    const { from: node, held = [] } = question;
    return {
      ...known,
      ends: known.ends
        .map((end) => sending.known(end, node))
        .concat(this.#troubled(question, isLater))
        .concat(statesOfHeld(store, { node, ids: held })),
    };
  }

  /** What is over stays `running` at its sender while its end cannot be written down, or told: that it is told, and why. */
  #troubled({ from, ids }: StateQuestion, isLater: boolean): ReportEntry[] {
    const { store, journal } = this.#deps;
    if (!store.trouble) return [];
    const { since, text } = store.trouble;
    const at = new Date(since).toISOString().slice(0, 16).replace('T', ' ');
    const reason = `it is over there, and how it ended cannot be told yet: ${this.#nodeName} says since ${at} UTC: ${text}`;
    const over = startedOf(store, from, ids).filter(
      ({ id, isOver }) => (isOver && isLater) || journal.unwritten.has(id),
    );
    return over.map(({ id, acceptedAt, startedAt }) => ({
      id,
      state: 'running',
      acceptedAt,
      startedAt,
      reason,
    }));
  }

  async #look(): Promise<void> {
    if (!this.#deps.bus.isConnected || !this.#mayBeOpen) return;
    const subjects = await this.#subjectsOfOpen();
    const byNode = Map.groupBy(subjects, receiverOf);
    for (const node of this.#asked.keys()) if (!byNode.has(node)) this.#asked.delete(node);
    const left = byNode.entries();
    await Promise.all(Array.from({ length: ASKED_AT_ONCE }, () => this.#askSome(left)));
  }

  async #askSome(left: Iterable<[node: string, subjects: readonly string[]]>): Promise<void> {
    for (const [node, subjects] of left) {
      if (this.#stop.signal.aborted) return;
      if (!this.#isDue(node)) continue;
      const asked = this.#asked.get(node)!;
      asked.nextAt = this.#deps.clock.steadyNow() + asked.pauseMs;
      asked.pauseMs = Math.min(asked.pauseMs * 2, LONGEST_PAUSE_MS);
      await this.#askAll(node, subjects);
    }
  }

  async #subjectsOfOpen(): Promise<string[]> {
    this.#mayBeOpen = false;
    let subjects: string[] | undefined;
    try {
      subjects = await subjectsOfOpen(this.#deps.store);
      return subjects;
    } finally {
      if (subjects?.length !== 0) this.#mayBeOpen = true;
    }
  }

  #isDue(node: string): boolean {
    const { presence, peers, clock } = this.#deps;
    if (node !== this.#nodeName && !peers.knows(node, 'state')) return false;
    const isHere = node === this.#nodeName || presence.of(node) !== 'away';
    const asked = this.#asked.get(node) ?? { nextAt: 0, pauseMs: FIRST_PAUSE_MS, isHere };
    this.#asked.set(node, asked);
    if (isHere && !asked.isHere) Object.assign(asked, { nextAt: 0, pauseMs: FIRST_PAUSE_MS });
    asked.isHere = isHere;
    return isHere && clock.steadyNow() >= asked.nextAt;
  }

  /** What this node sent to itself another one of its name may have taken: it knows best what it has. */
  async #statesAt(node: string, ids: readonly string[]): Promise<StateAnswer | undefined> {
    return node === this.#nodeName
      ? this.#known({ from: node, ids: [...ids] })
      : await this.#deps.asking.ask(node, { ids });
  }

  async #askAll(node: string, subjects: readonly string[]): Promise<void> {
    const { store, ledger } = this.#deps;
    for (let after: string | undefined = ''; after !== undefined; ) {
      const ids = await openAfter(store, { subjects, after, limit: MAX_IDS });
      const answer = ids.length > 0 ? await this.#statesAt(node, ids) : undefined;
      const ends = answer ? endsOf(node, answer).filter(({ id }) => ids.includes(id)) : [];
      if (ends.length > 0) await ledger.applyReports(node, ends);
      // What another node says it looked at is no reason to ask it for ever.
      after = ids.find((id) => id === answer?.upTo);
    }
  }
}

function endsOf(node: string, answer: StateAnswer): ReportEntry[] {
  return [
    ...answer.ends,
    ...answer.gone.map((id) => gone(node, id)),
    ...answer.never.map((id) => never(node, id)),
  ];
}

function gone(node: string, id: string): ReportEntry {
  return {
    id,
    state: 'lost',
    reason: `${node} no longer knows it, as it is older than all that ${node} remembers: whether it ran is not known`,
  };
}

function never(node: string, id: string): ReportEntry {
  return {
    id,
    state: 'lost',
    reason: `${node} took it and does not know it any more (its database was lost, or is a backup): whether it ran is not known`,
  };
}
