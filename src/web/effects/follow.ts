import { type Follower, type Hearing, shareStream } from './shared-stream.ts';

/** Screens are read again at most this often, ms, so that a change is shown within half a second, and no more often than after twice what reading them took: a thin line has rests. */
const EVERY_MS = 400;
/** From as many changes within a quarter of a second on, a list is another one each time it is read: that often, ms. */
const [FLOOD, FLOOD_MS] = [100, 1000];
/** What takes longer may never end, as on a line that is dead: it is not waited for, ms. */
const PATIENCE_MS = 20_000;
/** How often a proxy that signs people in is shown that somebody still looks, ms: else the node ends the stream within a minute. */
const VOUCH_MS = 20_000;

interface Following extends Omit<Hearing, 'onChange'> {
  /** Reads what is shown again. */
  onChange(): Promise<void>;
  /** Whether a list is shown, of which whatever changes may be a row. */
  showsList(): boolean;
}

/**
 * Follows what changes, until the result is disposed. After a cut the browser connects again by itself and gets what it missed;
 * where the node does not know that any more, its hello has everything read again. A tab that nobody sees reads when it is seen.
 */
export function followChanges(following: Following): Follower {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let nextAt = 0;
  let isBehind = false;
  let isFlood = false;
  const read = () => {
    timer = undefined;
    if (document.hidden) return;
    isBehind = false;
    nextAt = Number.POSITIVE_INFINITY;
    const from = Date.now();
    const done = () => {
      clearTimeout(patience);
      nextAt = Date.now() + Math.max(isFlood ? FLOOD_MS : EVERY_MS, 2 * (Date.now() - from));
      if (isBehind && !over.signal.aborted) readSoon();
    };
    const patience = setTimeout(done, PATIENCE_MS);
    void following.onChange().finally(done);
  };
  const readSoon = () => {
    if (nextAt < Number.POSITIVE_INFINITY) timer ??= setTimeout(read, Math.max(0, nextAt - Date.now()));
  };
  const onChange = (count: number) => {
    isBehind = true;
    isFlood = count >= FLOOD && following.showsList();
    readSoon();
  };
  const over = new AbortController();
  const stream = shareStream({ ...following, onChange });
  document.addEventListener('visibilitychange', () => isBehind && readSoon(), { signal: over.signal });
  const vouch = () => void fetch('/session').catch(() => {});
  const vouching = location.protocol === 'https:' ? setInterval(vouch, VOUCH_MS) : undefined;
  return {
    show: stream.show,
    [Symbol.dispose]: () => {
      over.abort();
      clearTimeout(timer);
      clearInterval(vouching);
      stream[Symbol.dispose]();
    },
  };
}
