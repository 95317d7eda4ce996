/** Screens are read again at most this often, ms. */
const EVERY_MS = 1000;
/** How long to wait before a stream that was refused is asked for again, ms. */
const AGAIN_MS = 2000;

/** How often a proxy that signs people in is shown that somebody still looks, ms: else the node ends the stream within a minute. */
const VOUCH_MS = 20_000;

interface Following {
  /** Something changed, or the stream began: what is shown is to be read again. */
  onChange(): void;
  onLink(isLive: boolean): void;
  /** The node refuses the stream: whether anybody is signed in is to be asked. */
  onRefused(): void;
}

/**
 * Follows what changes, of one request where one is shown, until the result is disposed. After a cut the browser connects again by
 * itself and gets what it missed; where the node does not know that any more, its hello has everything read again.
 */
export function followChanges(id: string | undefined, following: Following): Disposable {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastAt = 0;
  const change = () => {
    if (timer !== undefined) return;
    timer = setTimeout(
      () => {
        timer = undefined;
        lastAt = Date.now();
        following.onChange();
      },
      Math.max(0, lastAt + EVERY_MS - Date.now()),
    );
  };
  const open = () => {
    const filter = id === undefined ? '' : `?id=${encodeURIComponent(id)}&type=requests&type=output`;
    source = new EventSource(`/v1/events${filter}`);
    source.addEventListener('open', () => following.onLink(true));
    for (const type of ['hello', 'many', 'requests', 'output']) source.addEventListener(type, change);
    source.addEventListener('error', () => {
      following.onLink(false);
      if (source?.readyState !== EventSource.CLOSED) return;
      following.onRefused();
      again = setTimeout(open, AGAIN_MS);
    });
  };
  let again: ReturnType<typeof setTimeout> | undefined;
  const vouch = () => void fetch('/session').catch(() => {});
  const vouching = location.protocol === 'https:' ? setInterval(vouch, VOUCH_MS) : undefined;
  open();
  return {
    [Symbol.dispose]: () => {
      source?.close();
      clearTimeout(timer);
      clearTimeout(again);
      clearInterval(vouching);
    },
  };
}
