import type { TestContext } from 'node:test';
import { Journal } from '../../src/journal/journal.ts';
import type {
  Arrival,
  EffectMethod,
  JournalDeps,
  JournalMethod,
  RunMethod,
} from '../../src/journal/journal-deps.ts';
import { encodeMessage } from '../../src/message/encode-message.ts';
import { type Message, newMessage } from '../../src/message/message.ts';
import type { Incoming, Outcome, RunCall, RunResult } from '../../src/message/method-work.ts';
import type { ReportEntry } from '../../src/message/report.ts';
import { HEADER } from '../../src/message/wire-headers.ts';
import type { Store } from '../../src/store/store.ts';
import { disposeAfter } from './dispose-after.ts';
import { settle } from './manual-clock.ts';
import { tempStore } from './temp-store.ts';

/** An answer as the journal gave it. */
export interface GivenAnswer {
  readonly subject: string;
  readonly status: string | undefined;
  readonly range: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

interface TestJournalOptions {
  readonly store?: Store;
  apply?(batch: readonly Incoming[], intend: (note: string) => Promise<void>): Promise<Outcome[]>;
  recover?(note: string): Promise<boolean>;
  run?(call: RunCall): Promise<RunResult>;
  readonly pieceBytes?: number;
  readonly maxMessageBytes?: number;
  readonly leftOutput?: JournalDeps['leftOutput'];
  waitingReports?(): number;
  now?(): number;
  after?(delayMs: number, task: () => void): () => void;
}

/** A journal on a real database, with one method that has an effect and one that is run. */
export class TestJournal {
  readonly store: Store;
  readonly answers: GivenAnswer[] = [];
  readonly replies: { data: string; withEnd: boolean }[] = [];
  readonly reports: { toNode: string; end: ReportEntry }[] = [];
  readonly errors: string[] = [];
  readonly effect: EffectMethod;
  readonly run: RunMethod;
  readonly killed: string[] = [];
  journal!: Journal;

  static async open(t: TestContext, options: TestJournalOptions = {}): Promise<TestJournal> {
    const made = new TestJournal(options.store ?? (await tempStore(t)), options);
    made.journal = await Journal.open(
      { nodeName: 'ship1', maxMessageBytes: options.maxMessageBytes ?? 1_000_000 },
      {
        store: made.store,
        now: options.now ?? Date.now,
        ...(options.after ? { after: options.after } : {}),
        methodOf: (name) => made.#methods().find((method) => method.name === name),
        answer: (subject, _, headers) =>
          void made.answers.push({
            subject,
            headers,
            status: headers[HEADER.status],
            range: headers[HEADER.range],
          }),
        reply: async (_, pieces, alongside) => {
          await made.store.write(alongside);
          for (const data of pieces)
            made.replies.push({ data: String(Buffer.from(data)), withEnd: alongside.length > 0 });
        },
        pieceBytes: () => options.pieceBytes,
        forward: async () => {},
        cancelForwarded: async () => {},
        sendReport: async (toNode, ends, alongside) => {
          await made.store.write(alongside);
          made.reports.push(...ends.map((end) => ({ toNode, end })));
        },
        ...(options.leftOutput ? { leftOutput: options.leftOutput } : {}),
        waitingReports: () => options.waitingReports?.() ?? 0,
        reportError: (text) => void made.errors.push(text),
        killLeftovers: async (ids) => void made.killed.push(...ids),
        onAlive: () => {},
        onRun: () => {},
        logger: { warn: () => {}, info: () => {} },
      },
    );
    return disposeAfter(t, made);
  }

  private constructor(store: Store, options: TestJournalOptions) {
    this.store = store;
    this.effect = {
      ...{ name: 'REQToFileAppend', mode: 'effect', isAnswered: true },
      check: ({ fileName }) => (fileName === 'bad' ? 'the name is bad' : undefined),
      apply: options.apply ?? (async (batch) => batch.map(() => ({ ok: true }))),
      recover: options.recover ?? (async () => true),
    };
    this.run = {
      ...{ name: 'REQCliCommand', mode: 'run', isAnswered: true },
      run: options.run ?? (async () => ({ state: 'succeeded' })),
    };
  }

  #methods(): JournalMethod[] {
    return [this.effect, this.run];
  }

  /** A message for a method, as it comes from the bus. */
  arrival(
    method: JournalMethod,
    place: { epoch?: string; seq?: number; floor?: number; id?: string; reply?: string; part?: string } = {},
    more: { fields?: Partial<Message>; payload?: Uint8Array; headers?: Record<string, string> } = {},
  ): Arrival {
    const { epoch = 'e1', seq, floor = 1, reply = 'answers' } = place;
    const kind = method.mode === 'run' ? 'CommandACK' : 'EventACK';
    const message = newMessage({ toNode: 'ship1', fromNode: 'central', method: method.name, ...more.fields });
    const headers: Record<string, string> = {
      [HEADER.id]: place.id ?? `id-${epoch}-${seq}`,
      ...(seq === undefined ? {} : { [HEADER.lane]: `${epoch}/${seq}/${floor}` }),
      ...(place.part === undefined ? {} : { [HEADER.part]: place.part }),
      ...more.headers,
    };
    const payload = more.payload ?? encodeMessage(message, { serialization: '', compression: '' }).payload;
    return { subject: `ship1.${method.name}.${kind}`, reply, payload, header: (name) => headers[name] };
  }

  /** Hands over what comes, in one go. */
  receive(method: JournalMethod, ...places: Parameters<TestJournal['arrival']>[1][]): void {
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
