/** After this long without a move, a key or a turn of the wheel nobody reads any more, ms. */
const IDLE_MS = 60_000;
/** How often it is looked whether somebody still reads, ms. */
const LOOK_MS = 1000;
/** Rows of a list, and what a program printed. */
const ROWS = 'main tbody, main pre';

/**
 * Tells whether somebody reads what is shown, so that it must not move: the pointer or the focus is on a row, a text is selected, or
 * the list is scrolled. `onDone` is called now and then while nobody does.
 */
export function watchReading(onDone: () => void): () => boolean {
  let activeAt = 0;
  let pointed: Element | null = null;
  let at = { x: -1, y: -1 };
  const active = () => {
    activeAt = Date.now();
  };
  addEventListener('pointermove', (event) => {
    const { clientX, clientY } = event;
    // A browser also says so when something moved below the pointer.
    if (clientX === at.x && clientY === at.y) return;
    at = { x: clientX, y: clientY };
    active();
    pointed = (event.target as Element).closest(ROWS);
  });
  document.documentElement.addEventListener('pointerleave', () => {
    pointed = null;
  });
  for (const type of ['keydown', 'wheel', 'touchmove']) addEventListener(type, active, { passive: true });
  const isReading = () => {
    const selection = getSelection();
    if (selection?.isCollapsed === false && selection.anchorNode?.parentElement?.closest('main')) return true;
    if (Date.now() - activeAt > IDLE_MS) return false;
    return Boolean(pointed?.isConnected || document.activeElement?.closest(ROWS) || isScrolled());
  };
  setInterval(() => {
    if (!isReading()) onDone();
  }, LOOK_MS);
  return isReading;
}

/** Whether rows of a list are above what the window shows. */
function isScrolled(): boolean {
  const rows = document.querySelector('main tbody:has([data-row])');
  return rows !== null && rows.getBoundingClientRect().top < 0;
}
