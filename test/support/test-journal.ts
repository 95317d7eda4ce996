import type { TestContext } from 'node:test';
import { Journal } from '../../src/journal/journal.ts';
import type {
  Forward,
  JournalDeps,
  JournalSending,
  JournalTrust,
  ReplyEnd,
} from '../../src/journal/journal-deps.ts';
import type { Perils } from '../../src/journal/perils.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { newId } from '../../src/lib/new-id.ts';
import { encodeMessage } from '../../src/message/codec/encode-message.ts';
import { HEADER } from '../../src/message/codec/wire-headers.ts';
import { type Message, newMessage } from '../../src/message/message.ts';
import type { Incoming, Intend, Outcome, RunCall, RunResult } from '../../src/message/method-contract.ts';
import type { Priority } from '../../src/message/priority.ts';
import type { ReportEntry } from '../../src/message/report.ts';
import { senderOf } from '../../src/message/sender-of.ts';
import type { WireMessage } from '../../src/message/wire-message.ts';
import type { EffectMethod, Method, RunMethod } from '../../src/methods/method.ts';
import type { Store } from '../../src/store/store.ts';
import { disposeAfter } from './dispose-after.ts';
import { keptOver } from './kept-over.ts';
import { settle } from './manual-clock.ts';
import { tempStore } from './temp-store.ts';

/** Takes everything, as a node of an open fleet. */
const OPEN_TRUST: JournalTrust = {
  isOpen: true,
  words: 'state',
  senderOf,
  refusalUnread: () => undefined,
  mostBytes: () => undefined,
  mayGoOn: () => true,
  mayTellEnds: () => true,
  judge: () => ({ do: 'take' }),
  judgeFault: (reason) => ({ do: 'refuse', reason }),
  keepUnasked: async () => {},
  tellRefused: ({ message, proved }, tell) => tell(proved ?? (message?.fromNode || 'an unknown node')),
};

/** An answer as the journal gave it. */
export interface GivenAnswer {
  readonly subject: string;
  readonly status: string | undefined;
  readonly range: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

interface TestJournalOptions {
  readonly perils?: Perils;
  readonly store?: Store;
  apply?(batch: readonly Incoming[], intend: Intend): Promise<Outcome[]>;
  recover?(note: string): Promise<boolean | number>;
  run?(call: RunCall): Promise<RunResult>;
  /** Present where what runs is begun again by the next life. */
  readonly resumable?: Pick<RunMethod, 'undo'>;
  readonly pieceBytes?: number;
  readonly maxMessageBytes?: number;
  readonly leftOutput?: JournalDeps['leftOutput'];
  waitingReports?(): number;
  unsentReports?(): number;
  /** Whether there is room for replies to nodes; the usual is yes. */
  hasRoomFor?(node: string): boolean;
  /** Whether replies leave out what was told while their requests ran. */
  readonly leavesOutTold?: boolean;
  readonly livePieceBytes?: number;
  /** Whether ends go with replies. */
  readonly takesEnds?: boolean;
  /** A method whose messages go on, and what takes those. */
  readonly forward?: { readonly method: Method; take(forwards: readonly Forward[]): Promise<void> };
  readonly clock?: Clock;
  /** The data of an earlier message that was relayed. */
  readonly keptData?: Uint8Array;
  /** What central told of requests that this node had sent to it, by their ids. */
  readonly told?: ReadonlyMap<string, Uint8Array>;
  /** Decides what may come, in place of a trust that lets all come. */
  judge?: JournalTrust['judge'];
}

/** A journal on a real database, with one method that has an effect and one that is run. */
export class TestJournal {
  readonly store: Store;
  readonly answers: GivenAnswer[] = [];
  readonly replies: { data: string; withEnd: boolean; priority?: Priority }[] = [];
  /** Of each reply whether others follow it. */
  readonly mayWait: boolean[] = [];
  readonly reports: { toNode: string; end: ReportEntry }[] = [];
  readonly riding: ReplyEnd[] = [];
  /** Ends that came with replies. */
  readonly ends: { fromNode: string; end: ReportEntry }[] = [];
  readonly errors: string[] = [];
  readonly effect: EffectMethod;
  readonly run: RunMethod;
  readonly killed: string[] = [];
  journal!: Journal;

  static async open(t: TestContext, options: TestJournalOptions = {}): Promise<TestJournal> {
    const clock = options.clock ?? systemClock;
    const made = new TestJournal(options.store ?? (await tempStore(t)), options);
    made.journal = new Journal(
      {
        ...{ nodeName: 'ship1', instance: 'test', scheduleGraceSeconds: 60 },
        maxMessageBytes: options.maxMessageBytes ?? 1_000_000,
      },
      {
        store: made.store,
        trust: options.judge ? { ...OPEN_TRUST, isOpen: false, judge: options.judge } : OPEN_TRUST,
        clock,
        kept: keptOver(clock),
        newId,
        methods: new Map(
          [made.effect, made.run, ...(options.forward ? [options.forward.method] : [])].map(
            (method): [string, Method] => [method.name, method],
          ),
        ),
        bus: { publish: (subject, _, { headers }) => made.#answered(subject, headers) },
        sending: made.#sending(options),
        outbox: { hasRoomFor: (node) => options.hasRoomFor?.(node) ?? true },
        ledger: {
          takeReports: async (reports, commit) => {
            const told = [...reports].flatMap(([fromNode, ends]) => ends.map((end) => ({ fromNode, end })));
            await commit([]);
            made.ends.push(...told);
          },
          receiverOf: (id) => (options.told?.has(id) ? 'central' : undefined),
          output: (id, _, from, to) => ({
            data: options.told?.get(id)?.subarray(from, to) ?? new Uint8Array(0),
          }),
        },
        relaying: {
          beforeAccepted: async () => {},
          kept: () => options.keptData,
          cancelForwarded: async () => {},
        },
        ...(options.leftOutput ? { leftOutput: options.leftOutput } : {}),
        ...(options.perils ? { perils: options.perils } : {}),
        errorReporter: { report: (text) => void made.errors.push(text) },
        killLeftovers: async (runIds) => {
          made.killed.push(...runIds);
          return new Set();
        },
        fleet: { heard: () => {} },
        metrics: { methodEnded: () => {} },
        logger: { warn: () => {}, info: () => {} },
      },
    );
    disposeAfter(t, made);
    await made.journal.start();
    return made;
  }

  private constructor(store: Store, options: TestJournalOptions) {
    this.store = store;
    this.effect = {
      ...{ name: 'REQToFileAppend', mode: 'effect', kind: 'EventACK', summary: '', args: [] },
      check: ({ fileName }) => (fileName === 'bad' ? 'the name is bad' : undefined),
      apply: options.apply ?? (async (batch) => batch.map(() => ({ ok: true }))),
      recover: options.recover ?? (async () => true),
    };
    this.run = {
      ...{ name: 'REQCliCommand', mode: 'run', kind: 'CommandACK', summary: '', args: [] },
      run: options.run ?? (async () => ({ state: 'succeeded' })),
      ...(options.resumable && { isResumable: true, ...options.resumable }),
    };
  }

  #answered(subject: string, headers: Readonly<Record<string, string>>): boolean {
    this.answers.push({ subject, headers, status: headers[HEADER.status], range: headers[HEADER.range] });
    return true;
  }

  #sending(options: TestJournalOptions): JournalSending {
    return {
      reply: async ({ priority, mayWait }, pieces, { alongside, end }) => {
        await this.store.write(alongside);
        this.mayWait.push(mayWait === true);
        for (const data of pieces)
          this.replies.push({
            ...{ data: String(Buffer.from(data)), withEnd: alongside.length > 0 },
            ...(priority && { priority }),
          });
        if (options.takesEnds && end) this.riding.push(end);
        return options.takesEnds && end ? { ridesMs: () => 0 } : 'left';
      },
      pieceBytes: () => options.pieceBytes,
      forward: async (forwards) => options.forward?.take(forwards),
      report: async (toNode, ends, alongside) => {
        await this.store.write(alongside);
        this.reports.push(...ends.map((end) => ({ toNode, end })));
      },
      leavesOutTold: () => options.leavesOutTold === true,
      livePieceBytes: () => options.livePieceBytes ?? Number.POSITIVE_INFINITY,
      waitingReports: () => options.waitingReports?.() ?? 0,
      unsentReports: () => options.unsentReports?.() ?? 0,
    };
  }

  /** A message for a method, as it comes from the bus. */
  arrival(
    method: Method,
    place: { epoch?: string; seq?: number; floor?: number; id?: string; reply?: string; part?: string } = {},
    more: { fields?: Partial<Message>; payload?: Uint8Array; headers?: Record<string, string> } = {},
  ): WireMessage {
    const { epoch = 'e1', seq, floor = 1, reply = 'answers' } = place;
    const message = newMessage({ toNode: 'ship1', fromNode: 'central', method: method.name, ...more.fields });
    const headers: Record<string, string> = {
      [HEADER.id]: place.id ?? `id-${epoch}-${seq}`,
      ...(seq === undefined ? {} : { [HEADER.lane]: `${epoch}/${seq}/${floor}` }),
      ...(place.part === undefined ? {} : { [HEADER.part]: place.part }),
      ...more.headers,
    };
    const payload = more.payload ?? encodeMessage(message, { serialization: '', compression: '' }).payload;
    return {
      subject: `ship1.${method.name}.${method.kind}`,
      reply,
      payload,
      noResponders: false,
      header: (name) => headers[name],
    };
  }

  /** Hands over what comes, in one go. */
  receive(method: Method, ...places: Parameters<TestJournal['arrival']>[1][]): void {
    for (const place of places) this.journal.receive(this.arrival(method, place), method);
  }

  /** What was answered since the last call. */
  taken(): string[] {
    return this.answers.splice(0).map(({ status, range }) => `${status} ${range}`);
  }

  /** Resolves when what is under way to the database, and what follows from it, is done. */
  async settled(): Promise<void> {
    for (let round = 0; round < 5; round++) {
      await settle();
      await this.store.write([]);
    }
  }

  rows(): { id: string; state: string; reported: number }[] {
    return this.store
      .all<{ id: string; state: string; reported: number }>(
        'SELECT id, state, reported FROM journal ORDER BY row',
      )
      .map((row) => ({ ...row }));
  }

  /** The place that a lane takes next, as the database has it. */
  next(epoch = 'e1'): number | undefined {
    return this.store.get<{ next: number }>('SELECT next FROM journal_lanes WHERE epoch = ?', epoch)?.next;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.journal[Symbol.asyncDispose]();
  }
}
