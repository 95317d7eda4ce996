/** How a connection that says nothing is dealt with, ms. */
interface Patience {
  /** After this long without a byte the other side is asked whether it is there. */
  readonly askAfterMs: number;
  /** The connection is cut when nothing comes for this long after that. */
  readonly cutAfterMs: number;
}

/** A share of the silence that is allowed: what is left is time for the answer. Each question costs a link some 260 bytes, most of them TCP's. */
const ASK_SHARE = 4 / 5;

/** What silence of `silenceMs` in all means. */
export function patienceOf(silenceMs: number): Patience {
  const askAfterMs = silenceMs * ASK_SHARE;
  return { askAfterMs, cutAfterMs: silenceMs - askAfterMs };
}

/** What is known of a connection's silence. Times are ms on a clock that nobody sets. */
export interface Silence {
  /** When bytes came last, and how many had come by then. */
  readonly heardAt: number;
  readonly bytes: number;
  /** When the other side was asked since; undefined where it was not. */
  readonly askedAt: number | undefined;
}

/**
 * Looks at a connection: any byte that came shows that it is alive, as a pong may wait behind megabytes of our own. After a
 * sleep of the machine the other side is asked first, too.
 */
export function lookAt(
  before: Silence,
  now: { readonly at: number; readonly bytes: number },
  { askAfterMs, cutAfterMs }: Patience,
): { readonly silence: Silence; readonly action: 'none' | 'ask' | 'cut' } {
  if (now.bytes !== before.bytes)
    return { silence: { heardAt: now.at, bytes: now.bytes, askedAt: undefined }, action: 'none' };
  if (before.askedAt !== undefined)
    return { silence: before, action: now.at - before.askedAt >= cutAfterMs ? 'cut' : 'none' };
  if (now.at - before.heardAt < askAfterMs) return { silence: before, action: 'none' };
  return { silence: { ...before, askedAt: now.at }, action: 'ask' };
}

interface Watched {
  /** How many bytes have come so far. */
  bytesIn(): number;
  /** Where the other side is asked: it answers what is flushed. */
  readonly bus: { flush(): Promise<void> };
  cut(): void;
  /** How much longer it may be silent now, ms. */
  extraMs(): number;
}

/** How often a connection is looked at while silence is allowed for this long: a share of that. */
const LOOKS = 20;

/** Watches a connection until it is disposed of. */
export function watchSilence(silenceMs: number, connection: Watched): Disposable {
  let silence: Silence = { heardAt: performance.now(), bytes: connection.bytesIn(), askedAt: undefined };
  const patience = () => patienceOf(silenceMs + connection.extraMs());
  const timer = setInterval(() => {
    const looked = lookAt(silence, { at: performance.now(), bytes: connection.bytesIn() }, patience());
    silence = looked.silence;
    if (looked.action === 'ask') void connection.bus.flush();
    else if (looked.action === 'cut') connection.cut();
  }, silenceMs / LOOKS);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
