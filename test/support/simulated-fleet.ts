import type { Subscription } from '@nats-io/transport-node';
import { newMessage } from '../../src/message/message.ts';
import { encodeReport, type ReportEntry } from '../../src/message/report.ts';
import { disposeAfter, type TestScope } from './dispose-after.ts';
import { placeOf, startWireClient, type Wire, type WireClient } from './wire-client.ts';

/** How a simulated node's command ends, and after how long. */
export interface SimulatedEnd {
  readonly afterMs: number;
  readonly end: Omit<ReportEntry, 'id' | 'acceptedAt' | 'startedAt' | 'endedAt'>;
}

interface FleetOptions {
  readonly broker: { readonly url: string };
  readonly names: readonly string[];
  /** How a node's command ends. */
  play(node: string): SimulatedEnd;
}

/** Many nodes in this process, on one connection: they take commands by the rules of the wire, and report their ends. */
export async function startSimulatedFleet(options: FleetOptions, scope: TestScope): Promise<SimulatedNode[]> {
  const client = await startWireClient(options.broker, scope);
  const nodes = options.names.map((name) => new SimulatedNode(name, client, () => options.play(name)));
  disposeAfter(scope, {
    async [Symbol.asyncDispose]() {
      for (const node of nodes) node.leave();
    },
  });
  return nodes;
}

const REPORT_AGAIN_MS = 500;

/** A node that forgets nothing while it is away, as one that has a disk. */
export class SimulatedNode {
  readonly name: string;
  /** How often each request was run. */
  readonly runs = new Map<string, number>();
  /** What it reported, or will once it is back. */
  readonly ends = new Map<string, ReportEntry['state']>();
  readonly #client: WireClient;
  readonly #play: () => SimulatedEnd;
  /** The next place of each lane that leads here. */
  readonly #next = new Map<string, number>();
  readonly #running = new Map<string, { readonly timer: NodeJS.Timeout; readonly acceptedAt: number }>();
  readonly #reports: ReportEntry[] = [];
  #sub: Subscription | undefined;
  #epoch = '';
  #seq = 0;
  #isReporting = false;

  constructor(name: string, client: WireClient, play: () => SimulatedEnd) {
    this.name = name;
    this.#client = client;
    this.#play = play;
    this.#epoch = `sim-${name}-${Date.now()}`;
  }

  get isHere(): boolean {
    return this.#sub !== undefined;
  }

  /** Begins to listen, and says so to the central node. */
  come(): void {
    if (this.#sub !== undefined) return;
    this.#sub = this.#client.connection.subscribe(`${this.name}.REQCliCommand.CommandACK`, {
      callback: (error, msg) => {
        if (error) return;
        const headers = Object.fromEntries(
          (msg.headers?.keys() ?? []).map((key) => [key, msg.headers!.get(key)]),
        );
        this.#take({ subject: msg.subject, reply: msg.reply ?? '', headers, payload: msg.data });
      },
    });
    this.#client.hello('central', this.name);
    void this.#report();
  }

  /** Stops listening at once, as after a power cut: what runs is interrupted. */
  leave(): void {
    this.#sub?.unsubscribe();
    this.#sub = undefined;
    for (const [id, { timer, acceptedAt }] of this.#running) {
      clearTimeout(timer);
      this.#ended({ id, state: 'interrupted', reason: 'the node stopped while it ran', acceptedAt });
    }
    this.#running.clear();
  }

  #take(wire: Wire): void {
    const { epoch, seq, floor } = placeOf(wire);
    const next = Math.max(this.#next.get(epoch) ?? 1, floor);
    if (seq > next) return this.#client.answer(wire, 'gap', { 'Steward-Expects': String(next) });
    if (seq < next) return this.#client.answer(wire, 'duplicate');
    this.#next.set(epoch, next + 1);
    this.#client.answer(wire, 'accepted');
    this.#run(wire.headers['Nats-Msg-Id']!);
  }

  #run(id: string): void {
    this.runs.set(id, (this.runs.get(id) ?? 0) + 1);
    const { afterMs, end } = this.#play();
    const acceptedAt = Date.now();
    const timer = setTimeout(() => {
      this.#running.delete(id);
      this.#ended({ id, acceptedAt, startedAt: acceptedAt, ...end });
    }, afterMs);
    this.#running.set(id, { timer, acceptedAt });
  }

  #ended(entry: ReportEntry): void {
    this.ends.set(entry.id, entry.state);
    this.#reports.push({ ...entry, endedAt: Date.now() });
    void this.#report();
  }

  /** Sends what is to be reported, until it is answered or the node leaves. */
  async #report(): Promise<void> {
    if (this.#isReporting) return;
    this.#isReporting = true;
    while (this.isHere && !this.#client.connection.isClosed() && this.#reports.length > 0) {
      const entries = [...this.#reports];
      if (await this.#isTaken(entries)) this.#reports.splice(0, entries.length);
    }
    this.#isReporting = false;
  }

  #isTaken(entries: readonly ReportEntry[]): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const reply = `${this.name}.sim.${this.#seq}.${Math.random().toString(36).slice(2)}`;
    const timer = setTimeout(() => resolve(false), REPORT_AGAIN_MS);
    const sub = this.#client.connection.subscribe(reply, {
      callback: (_, msg) => resolve((msg.headers?.get('Steward-Status') ?? '') !== ''),
    });
    const place = this.#seq + 1;
    this.#client.send({
      message: newMessage({
        toNode: 'central',
        fromNode: this.name,
        method: 'REQReport',
        data: [encodeReport(entries)],
      }),
      reply,
      lane: `${this.#epoch}/${place}/${place}`,
    });
    return promise.finally(() => {
      clearTimeout(timer);
      sub.unsubscribe();
      this.#seq = place;
    });
  }
}
