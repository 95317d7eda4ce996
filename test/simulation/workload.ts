import type { Ask, Deed, Item } from './ask.ts';
import type { SimNode } from './sim-node.ts';
import type { WaveAsk } from './waves.ts';
import type { World } from './world.ts';

/** How often it is looked whether a method is still stopped, ms. */
const START_AGAIN_MS = 30_000;

/** Asks the fleet for what was planned, and notes what became of it. */
export class Workload {
  readonly asks: Ask[] = [];
  readonly byId = new Map<string, Ask>();
  readonly waves = new Set<WaveAsk>();
  /** Who was asked to forget whom, each as `who whom`. */
  readonly forgot = new Set<string>();
  /** Of which nodes somebody stopped a method, each as `node method`. */
  readonly #stopped = new Set<string>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  plan(deeds: readonly Deed[]): void {
    for (const deed of deeds) this.#world.timeline.after(deed.at, () => this.#do(deed));
  }

  #do(deed: Deed): void {
    if (deed.what === 'original') return this.#world.original?.send(deed.toNode, deed.token);
    if (deed.what === 'source') return this.#world.machine(deed.node).files.put(deed.path, deed.content);
    if (deed.what === 'waves') return void this.#doWaves(deed.wave, deed.isEnd);
    const node = this.#world.node(deed.from);
    // A node that is down takes nothing: whoever asks hears of that.
    if (!node) return;
    if (deed.what === 'submit') return void this.#submit(deed.from, deed.items);
    if (deed.what !== 'forget') return this.#change(node, deed);
    this.#world.timeline.note(`${deed.from} is asked to forget ${deed.node}`);
    this.forgot.add(`${deed.from} ${deed.node}`);
    void node.forget(deed.node).catch(() => {});
  }

  /** Somebody changes his mind about one of the last requests. */
  #change(node: SimNode, { what, from, nth }: Extract<Deed, { nth: number }>): void {
    const known = this.asks.filter((ask) => ask.id !== undefined && ask.from === from);
    const one = known[known.length - 1 - (nth % Math.max(1, Math.min(known.length, 10)))];
    if (one?.id === undefined) return;
    this.#world.timeline.note(`${from} is asked to ${what} ${one.token}`);
    if (what === 'resend') one.isResent = true;
    void (what === 'cancel' ? node.cancel(one.id) : node.resend(one.id)).catch(() => {});
  }

  async #doWaves(wave: WaveAsk, isEnd: boolean): Promise<void> {
    const { timeline } = this.#world;
    const node = this.#world.node(wave.from);
    if (!node) return;
    const { token, batch, order } = wave;
    timeline.note(
      `${wave.from} is asked ${isEnd ? 'to end' : 'for'} ${token} (${batch}) at ${order.targets}`,
    );
    try {
      if (isEnd) {
        wave.isCancelled = true;
        return await node.cancelBatch(batch);
      }
      wave.at ??= timeline.now;
      this.waves.add(wave);
      await node.startWaves(batch, order);
      wave.isAccepted = true;
    } catch (error) {
      timeline.note(`${wave.from} says of ${token}: ${(error as Error).message}`);
    }
  }

  #noteStops(items: readonly Item[]): void {
    for (const { ask, message } of items) {
      const { method, methodArgs } = message as { method?: string; methodArgs?: readonly string[] };
      if (method === 'REQOpProcessStop') this.#stopped.add(`${ask.toNode} ${methodArgs![0]}`);
    }
  }

  /** Whoever stopped a method starts it again, at its node, and again where a stop came later than that. */
  startAgain(): void {
    const { timeline } = this.#world;
    let count = 0;
    for (const [name, method] of [...this.#stopped].map((words) => words.split(' '))) {
      if (!this.#world.node(name!)?.stopped.includes(method!)) continue;
      const token = `again${timeline.now}-${count++}`;
      const ask = { token, kind: 'admin', from: name!, toNode: name!, isLimited: false } as const;
      const reply = { replyMethod: 'REQToFileAppend', directory: 'replies', fileName: token };
      const message = { toNode: name, method: 'REQOpProcessStart', methodArgs: [method], ...reply };
      void this.#submit(name!, [{ ask, message }]);
    }
    timeline.after(START_AGAIN_MS, () => this.startAgain());
  }

  async #submit(from: string, items: readonly Item[]): Promise<void> {
    const { timeline } = this.#world;
    const asks = items.map(({ ask }): Ask => ({ ...ask, at: timeline.now }));
    this.asks.push(...asks);
    this.#noteStops(items);
    timeline.note(
      `${from} is asked for ${asks.map(({ token, kind, toNode }) => `${token}:${kind}>${toNode}`)}`,
    );
    const answer = await this.#world.node(from)!.submit(items.map(({ message }) => message));
    for (const { index, id } of answer.accepted) {
      const ask = asks[index]!;
      ask.id = id;
      this.byId.set(id, ask);
    }
    for (const { index } of answer.refused) if (index !== null) asks[index]!.isRefused = true;
    timeline.note(
      `${from} accepted ${answer.accepted.map(({ index, id }) => `${asks[index]!.token}=${id}`)}, refused ${answer.refused.map(({ reason }) => reason)}`,
    );
  }
}
