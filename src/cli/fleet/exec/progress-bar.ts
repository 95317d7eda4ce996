import type { Writable } from 'node:stream';
import { OUTCOMES } from '../../../contract/states.ts';
import { durationWords } from '../../../lib/time-words.ts';
import type { TargetCounts, TargetOutcome } from '../../../waves/target-tracker.ts';
import type { Terminal } from '../../line/terminal.ts';
import { outcomeColour } from '../../print/table.ts';
import { cutTo } from '../../print/text-width.ts';

/** A line at the bottom of a terminal that says how far a run is. */
export interface ProgressBar extends Disposable {
  /** Draws it, unless it was drawn a moment ago. */
  show(counts: TargetCounts): void;
  /** Takes it away, so that something can be printed in its place. */
  clear(): void;
  /** Draws it again after that, unless it was drawn a moment ago. */
  redraw(): void;
}

const DRAW_EVERY_MS = 100;
const BAR_WIDTH = 20;
const ENDED = OUTCOMES.filter((outcome) => outcome !== 'running' && outcome !== 'waiting');
const CLEAR = '\r\x1b[2K';

/** Draws on a terminal; does nothing where the stream is none. */
export function createProgressBar(
  stream: Writable,
  { terminal, now }: { readonly terminal: Terminal; readonly now: () => number },
): ProgressBar {
  const startedAt = now();
  let drawnAt = -Infinity;
  let isDrawn = false;
  let latest: TargetCounts | undefined;
  const draw = (): void => {
    if (latest === undefined) return;
    drawnAt = now();
    isDrawn = true;
    stream.write(`${CLEAR}${progressText(latest, { terminal, elapsedMs: drawnAt - startedAt })}`);
  };
  const timer = terminal.isTerminal ? setInterval(draw, 1000).unref() : undefined;
  const clear = (): void => {
    if (isDrawn) stream.write(CLEAR);
    isDrawn = false;
  };
  return {
    show(counts) {
      latest = counts;
      if (terminal.isTerminal && (!isDrawn || now() - drawnAt >= DRAW_EVERY_MS)) draw();
    },
    clear,
    redraw() {
      if (terminal.isTerminal && now() - drawnAt >= DRAW_EVERY_MS) draw();
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      latest = undefined;
      clear();
    },
  };
}

/** `12/200 ████░░░░ 10 succeeded, 2 failed, 5 running, 183 waiting  1 min 5 s`, cut to the width of the terminal. */
export function progressText(
  counts: TargetCounts,
  { terminal, elapsedMs }: { readonly terminal: Terminal; readonly elapsedMs: number },
): string {
  const entries = Object.entries(counts) as [TargetOutcome, number][];
  const total = entries.reduce((sum, [, count]) => sum + count, 0);
  const ended = ENDED.reduce((sum, outcome) => sum + counts[outcome], 0);
  const filled = total === 0 ? 0 : Math.floor((ended / total) * BAR_WIDTH);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}`;
  const head = `${ended}/${total} ${bar} `;
  const parts = entries
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => ({ outcome, text: `${count} ${outcome}` }));
  const seconds = Math.floor(elapsedMs / 1000);
  const tail = `  ${seconds < 60 ? `${seconds} s` : durationWords(seconds * 1000)}`;
  const plain = `${head}${parts.map(({ text }) => text).join(', ')}${tail}`;
  // A line that is wider than the terminal could not be cleared.
  if (plain.length >= terminal.columns) return cutTo(plain, terminal.columns - 1);
  const coloured = parts.map(({ outcome, text }) => terminal.style(colourOf(outcome), text)).join(', ');
  return `${head}${coloured}${terminal.style('dim', tail)}`;
}

function colourOf(outcome: TargetOutcome) {
  return outcome === 'not-sent' ? 'gray' : outcomeColour(outcome);
}
