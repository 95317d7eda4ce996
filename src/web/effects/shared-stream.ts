/** Tabs of one browser and one origin find one another by this name. */
const NAME = 'steward-stream';
/** How long to wait before a stream that was refused is asked for again, ms. */
const AGAIN_MS = 2000;
/** How often a tab that somebody sees asks whether the one with the stream still answers, ms. */
const ASK_MS = 10_000;
/** A tab with the stream that does not answer for so long is frozen, ms. */
const ANSWER_MS = 3000;
/** Of how many of the requests and batches that were shown last the output is followed. */
const MOST_SHOWN = 20;

/** What comes over the stream. */
export interface Hearing {
  /** Something changed, or may have: what is shown is to be read again. `count` is how much, where that is known. */
  onChange(count: number): void;
  onLink(isLive: boolean): void;
  /** The node refuses the stream: whether anybody is signed in is to be asked. */
  onRefused(): void;
}

/** What one tab tells the others. */
type Told =
  /** This is what a tab shows: the one with the stream answers with how its link is. */
  | { readonly say: 'show'; readonly tab: string; readonly shown: string | undefined }
  | { readonly say: 'who' }
  /** How the link is; left out while that is not known yet. */
  | { readonly say: 'link'; readonly isLive?: boolean }
  | { readonly say: 'refused' }
  /** Of what there are new events; of everything where that is left out. */
  | { readonly say: 'changed'; readonly of?: readonly string[]; readonly count?: number };

/** A tab that follows what changes. */
export interface Follower extends Disposable {
  /** Shows the request or the batch of this id from now on, or none. */
  show(id: string | undefined): void;
}

/**
 * Follows what changes. Browsers hold six connections to a server without TLS, so the tabs of one have one stream: whoever has the
 * lock has it, for what all show, and tells the others. When that tab is closed or frozen another one takes its place. Where
 * the browser has no locks (a page that is neither encrypted nor of this machine), each tab has a stream of its own.
 */
export function shareStream(hearing: Hearing): Follower {
  const tab = String(Math.random());
  const shows = new Map<string, string | undefined>();
  const channel = navigator.locks === undefined ? undefined : new BroadcastChannel(NAME);
  const over = new AbortController();
  let leading: Leading | undefined;
  let answeredAt = Date.now();

  const hear = (told: Told) => {
    switch (told.say) {
      case 'show':
        moveToEnd(shows, told.tab, told.shown);
        return leading?.follow();
      case 'who':
        return sayShown();
      case 'link':
        answeredAt = Date.now();
        return told.isLive === undefined ? undefined : hearing.onLink(told.isLive);
      case 'refused':
        return hearing.onRefused();
      case 'changed':
        return isOf(told.of, shows.get(tab)) ? hearing.onChange(told.count ?? 0) : undefined;
    }
  };
  const tellAll = (told: Told) => {
    channel?.postMessage(told);
    hear(told);
  };
  const sayShown = () => tellAll({ say: 'show', tab, shown: shows.get(tab) });
  const lead = () =>
    new Promise<void>((done) => {
      if (over.signal.aborted) return done();
      leading = new Leading(shows, tellAll, done);
      tellAll({ say: 'who' });
    });
  const wait = (options: LockOptions = { signal: over.signal }): void => {
    navigator.locks.request(NAME, options, lead).catch(() => {
      // Another tab took it, as this one was frozen.
      leading?.[Symbol.dispose]();
      leading = undefined;
      if (!over.signal.aborted) wait();
    });
  };
  const ask = () => {
    if (document.hidden || leading !== undefined) return;
    sayShown();
    const askedAt = Date.now();
    setTimeout(() => {
      if (over.signal.aborted || leading !== undefined || answeredAt >= askedAt || document.hidden) return;
      hearing.onLink(false);
      wait({ steal: true });
    }, ANSWER_MS);
  };
  channel?.addEventListener('message', ({ data }) => hear(data as Told));
  const asking = setInterval(ask, ASK_MS);
  document.addEventListener('visibilitychange', ask, { signal: over.signal });
  shows.set(tab, undefined);
  if (channel === undefined) void lead();
  else wait();
  return {
    show(shown) {
      shows.set(tab, shown);
      sayShown();
    },
    [Symbol.dispose]() {
      over.abort();
      clearInterval(asking);
      leading?.[Symbol.dispose]();
      channel?.close();
    },
  };
}

/** What was shown last stands last. */
function moveToEnd<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
}

function isOf(ids: readonly string[] | undefined, shown: string | undefined): boolean {
  return ids === undefined || (shown !== undefined && ids.includes(shown));
}

/** The stream, in the tab that has it. */
class Leading implements Disposable {
  readonly #shows: ReadonlyMap<string, string | undefined>;
  readonly #tell: (told: Told) => void;
  readonly #done: () => void;
  #source: EventSource | undefined;
  /** Takes the place of `#source` once it has begun, so that nothing is missed between them. */
  #next: EventSource | undefined;
  #ids: readonly string[] = [];
  #isLive: boolean | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(shows: ReadonlyMap<string, string | undefined>, tell: (told: Told) => void, done: () => void) {
    this.#shows = shows;
    this.#tell = tell;
    this.#done = done;
    this.#open();
  }

  /** Follows what a tab shows now, and says how the link is. */
  follow(): void {
    this.#tell({ say: 'link', ...(this.#isLive !== undefined && { isLive: this.#isLive }) });
    if (this.#wanted().some((id) => !this.#ids.includes(id))) this.#open();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#again);
    this.#next?.close();
    this.#source?.close();
    this.#done();
  }

  #wanted(): string[] {
    const shown = [...this.#shows.values()].filter((id) => id !== undefined);
    return [...new Set(shown)].slice(-MOST_SHOWN);
  }

  #open(): void {
    clearTimeout(this.#again);
    this.#next?.close();
    const ids = this.#wanted();
    const added = ids.filter((id) => !this.#ids.includes(id));
    this.#ids = ids;
    const search = new URLSearchParams(ids.map((id) => ['outputOf', id]));
    const source = new EventSource(`/v1/events${ids.length === 0 ? '' : `?${search}`}`);
    this.#next = source;
    source.addEventListener('hello', () => {
      const hadOne = this.#source !== undefined && this.#source !== source && this.#isLive === true;
      if (this.#next === source) this.#take(source);
      this.#tell(hadOne ? { say: 'changed', of: added } : { say: 'changed' });
    });
    source.addEventListener('open', () => this.#source === source && this.#link(true));
    source.addEventListener('many', ({ data }) => {
      const { count } = JSON.parse(data) as { count: number };
      if (this.#source === source) this.#tell({ say: 'changed', count });
    });
    source.addEventListener('error', () => this.#failed(source));
  }

  #take(source: EventSource): void {
    this.#source?.close();
    this.#source = source;
    this.#next = undefined;
    this.#link(true);
  }

  #failed(source: EventSource): void {
    const isOnly = this.#source === undefined || this.#source === source;
    if (isOnly) this.#link(false);
    if (source.readyState !== EventSource.CLOSED) return;
    if (isOnly) this.#tell({ say: 'refused' });
    if (this.#source === source) this.#source = undefined;
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.#open(), AGAIN_MS);
  }

  #link(isLive: boolean): void {
    this.#isLive = isLive;
    this.#tell({ say: 'link', isLive });
  }
}
