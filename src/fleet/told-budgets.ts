import { type LinkLeft, parseLeft } from '../message/link-word.ts';
import type { Store } from '../store/store.ts';

/** What a node told of the budget of its link. */
export interface ToldBudget {
  /** Bytes both ways. */
  readonly bytesPerDay: number;
  readonly leftBytes: number;
  /** When its next budget begins, unix ms. */
  readonly until: number;
}

/** In a hello: bytes a day, what is left of them, and what its central node may send now. */
export type BudgetInHello = readonly [bytesPerDay: number, leftBytes: number, left: string];

interface ToldBudgetsDeps {
  readonly store: Pick<Store, 'all'>;
  readonly clock: { wallNow(): number };
  /** Hears what may be sent to a node; undefined where its link has no budget. */
  readonly peers: { told(node: string, left: LinkLeft | undefined): void };
}

/** What nodes told of the budgets of their links with their hellos, the last ones also before a restart. */
export class ToldBudgets {
  readonly #deps: ToldBudgetsDeps;
  readonly #told = new Map<string, ToldBudget>();

  constructor(deps: ToldBudgetsDeps) {
    this.#deps = deps;
    const sql = `SELECT name, last_seen AS at, info FROM nodes WHERE info LIKE '%"budget":%'`;
    for (const { name, at, info } of deps.store.all<{ name: string; at: number; info: string }>(sql))
      this.heard(name, info, at);
  }

  /** A node said hello, at a time; `json` is what it said of itself. */
  heard(node: string, json: string | undefined, at = this.#deps.clock.wallNow()): void {
    const now = this.#deps.clock.wallNow();
    const told = readBudget(json);
    const until = at + (told?.left.untilMs ?? 0);
    if (!told || until <= now) {
      if (this.#told.delete(node)) this.#deps.peers.told(node, undefined);
      return;
    }
    const { left, ...budget } = told;
    this.#told.set(node, { ...budget, until });
    this.#deps.peers.told(node, { ...left, untilMs: until - now });
  }

  /** What a node told last; undefined where its link has no budget, or that of another day had one. */
  of(node: string): ToldBudget | undefined {
    const told = this.#told.get(node);
    return told && told.until > this.#deps.clock.wallNow() ? told : undefined;
  }
}

function readBudget(
  json: string | undefined,
): (Pick<ToldBudget, 'bytesPerDay' | 'leftBytes'> & { readonly left: LinkLeft }) | undefined {
  if (!json?.includes('"budget":')) return undefined;
  try {
    const { budget } = JSON.parse(json) as { budget?: unknown };
    const [bytesPerDay, leftBytes, text] = Array.isArray(budget) ? (budget as unknown[]) : [];
    const left = parseLeft(text);
    if (!isBytes(bytesPerDay) || !isBytes(leftBytes) || !left) return undefined;
    return { bytesPerDay, leftBytes, left };
  } catch {
    return undefined;
  }
}

function isBytes(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
