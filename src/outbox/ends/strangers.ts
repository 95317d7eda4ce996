import { LANE_SPAN, type Store } from '../../store/store.ts';

/** How long replies and reports are kept for a node that nobody has ever heard of, ms. */
export const STRANGER_MS = 3_600_000;

/**
 * Finds out whether a node has ever said hello or answered, as far as the database remembers: where not, its name may be made
 * up, by whoever sent the request that is being replied to.
 */
export class Strangers {
  readonly #centralNodeName: string | undefined;
  readonly #store: Pick<Store, 'get'>;
  /** Those that are none: they never become one again. */
  readonly #known = new Set<string>();

  constructor(
    options: { readonly centralNodeName?: string | undefined },
    deps: { store: Pick<Store, 'get'> },
  ) {
    this.#centralNodeName = options.centralNodeName;
    this.#store = deps.store;
  }

  has(node: string): boolean {
    if (node === this.#centralNodeName || this.#known.has(node)) return false;
    const isHeardOf =
      this.#isRow('SELECT 1 FROM nodes WHERE name = ?', node) ||
      this.#isRow('SELECT 1 FROM node_words WHERE name = ?', node) ||
      this.#isRow(
        `SELECT 1 FROM lanes n JOIN ledger l ON l.key BETWEEN n.id * ${LANE_SPAN} AND (n.id + 1) * ${LANE_SPAN} - 1
         WHERE n.subject >= ? AND n.subject < ? AND l.accepted_at IS NOT NULL LIMIT 1`,
        `${node}.`,
        `${node}/`,
      );
    if (isHeardOf) this.#known.add(node);
    return !isHeardOf;
  }

  #isRow(sql: string, ...values: string[]): boolean {
    return this.#store.get(sql, ...values) !== undefined;
  }
}
