/** One subscription of one connection. */
export interface Subscription<Owner = unknown> {
  readonly owner: Owner;
  readonly subject: string;
  /** '' = none. */
  readonly queue: string;
  readonly sid: string;
  /** Whether it has ended; a route that is being walked may still hold it. */
  isEnded: boolean;
}

/** Who gets a message on a subject: each of `plain`, and one of each of `groups`. */
export interface Route<S> {
  readonly subject: string;
  readonly plain: readonly S[];
  readonly groups: readonly (readonly S[])[];
}

/** One token's place in the tree of subjects. */
interface Level<S> {
  next?: Map<string, Level<S>> | undefined;
  plain?: Set<S> | undefined;
  groups?: Map<string, S[]> | undefined;
}

/** Routes kept, at most twice this many: half of them goes when it is reached. */
const CACHED_ROUTES = 2048;

/** Finds the subscriptions that match a subject. */
export class Router<S extends Subscription> {
  readonly #root: Level<S> = {};
  #recent = new Map<string, Route<S>>();
  #older = new Map<string, Route<S>>();
  size = 0;

  add(subscription: S): void {
    const level = this.#reach(subscription.subject.split('.'));
    if (subscription.queue === '') {
      level.plain ??= new Set();
      level.plain.add(subscription);
    } else {
      level.groups ??= new Map();
      const group = level.groups.get(subscription.queue);
      if (group === undefined) level.groups.set(subscription.queue, [subscription]);
      else group.push(subscription);
    }
    this.size += 1;
    this.#forget(subscription.subject);
  }

  remove(subscription: S): void {
    if (!removeFrom(this.#root, subscription, subscription.subject.split('.'))) return;
    this.size -= 1;
    this.#forget(subscription.subject);
  }

  /** Who gets a message on this subject. The route must not be kept: it may be outdated after the next change. */
  match(subject: string): Route<S> {
    const recent = this.#recent.get(subject);
    if (recent !== undefined) return recent;
    const route = this.#older.get(subject) ?? this.#find(subject);
    if (this.#recent.size >= CACHED_ROUTES) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(subject, route);
    return route;
  }

  #reach(tokens: readonly string[]): Level<S> {
    let level = this.#root;
    for (const token of tokens) {
      level.next ??= new Map();
      let next = level.next.get(token);
      if (next === undefined) {
        next = {};
        level.next.set(token, next);
      }
      level = next;
    }
    return level;
  }

  #forget(subject: string): void {
    if (/(^|\.)[*>](\.|$)/.test(subject)) {
      this.#recent.clear();
      this.#older.clear();
    } else {
      this.#recent.delete(subject);
      this.#older.delete(subject);
    }
  }

  #find(subject: string): Route<S> {
    const plain: S[] = [];
    const groups = new Map<string, S[]>();
    const take = (level: Level<S>): void => {
      for (const subscription of level.plain ?? []) plain.push(subscription);
      for (const [queue, members] of level.groups ?? []) {
        const all = groups.get(queue);
        if (all === undefined) groups.set(queue, [...members]);
        else all.push(...members);
      }
    };
    const tokens = subject.split('.');
    if (!tokens.includes('')) walk(this.#root, tokens, take);
    return { subject, plain, groups: [...groups.values()] };
  }
}

/** Visits every level whose subject matches: level by level, so that many dots cannot exhaust the stack. */
function walk<S>(root: Level<S>, tokens: readonly string[], take: (level: Level<S>) => void): void {
  let levels = [root];
  for (const token of tokens) {
    const deeper: Level<S>[] = [];
    for (const { next } of levels) if (next !== undefined) step(next, token, { take, deeper });
    if (deeper.length === 0) return;
    levels = deeper;
  }
  for (const level of levels) take(level);
}

interface Step<S> {
  take(level: Level<S>): void;
  readonly deeper: Level<S>[];
}

function step<S>(next: ReadonlyMap<string, Level<S>>, token: string, { take, deeper }: Step<S>): void {
  const rest = next.get('>');
  if (rest !== undefined) take(rest);
  const any = next.get('*');
  if (any !== undefined) deeper.push(any);
  const exact = token === '*' || token === '>' ? undefined : next.get(token);
  if (exact !== undefined) deeper.push(exact);
}

/** Whether it was there; levels that hold nothing any more go with it. */
function removeFrom<S extends Subscription>(root: Level<S>, subscription: S, tokens: string[]): boolean {
  const path = [root];
  for (const token of tokens) {
    const next = path.at(-1)!.next?.get(token);
    if (next === undefined) return false;
    path.push(next);
  }
  if (!takeOut(path.at(-1)!, subscription)) return false;
  for (let depth = tokens.length; depth > 0 && isEmpty(path[depth]!); depth -= 1) {
    const above = path[depth - 1]!;
    above.next?.delete(tokens[depth - 1]!);
    if (above.next?.size === 0) above.next = undefined;
  }
  return true;
}

function isEmpty({ next, plain, groups }: Level<unknown>): boolean {
  return next === undefined && plain === undefined && groups === undefined;
}

function takeOut<S extends Subscription>(level: Level<S>, subscription: S): boolean {
  const { plain, groups } = level;
  if (subscription.queue === '') {
    const isThere = plain?.delete(subscription) ?? false;
    if (plain?.size === 0) level.plain = undefined;
    return isThere;
  }
  const group = groups?.get(subscription.queue);
  const index = group?.indexOf(subscription) ?? -1;
  if (group === undefined || index < 0) return false;
  group.splice(index, 1);
  if (group.length === 0) groups?.delete(subscription.queue);
  if (groups?.size === 0) level.groups = undefined;
  return true;
}
