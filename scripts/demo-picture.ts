import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Plays the demo and draws what it printed, when it printed it, as a picture that moves: doc/demo.svg. A program that does
 * not show movement shows the last screen. Run it with `npm run picture`.
 */

const ROOT = join(import.meta.dirname, '..');
const TARGET = join(ROOT, 'doc/demo.svg');
const COLUMNS = 100;
const ROWS = 26;
const CHAR_WIDTH = 8.4;
const LINE_HEIGHT = 18;
const PADDING = 16;
/** Waits that say nothing are shown shorter, and lines that come at once a little apart. */
const LONGEST_WAIT_S = 1.4;
const LEAST_WAIT_S = 0.06;

const ESCAPE = String.fromCharCode(27);
const COLOUR_CODE = new RegExp(`(${ESCAPE}\\[[\\d;]*m)`);

const CLASSES: Readonly<Record<string, string>> = {
  1: 'bold',
  2: 'dim',
  31: 'red',
  32: 'green',
  35: 'magenta',
};

interface Line {
  readonly text: string;
  /** When it is shown, s from the beginning. */
  readonly at: number;
}

const lines = paced(await record());
await writeFile(TARGET, picture(lines));
console.log(`${TARGET}: ${lines.length} lines, ${lines.at(-1)!.at.toFixed(1)} s`);

/** The lines that the demo prints, each with its time in seconds. */
async function record(): Promise<Line[]> {
  const child = spawn(join(ROOT, 'bin/steward'), ['demo'], {
    env: { ...process.env, FORCE_COLOR: '1', NO_COLOR: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const startedAt = performance.now();
  const recorded: Line[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const whole = (rest + chunk).split('\n');
    rest = whole.pop()!;
    for (const line of whole) recorded.push({ text: cut(line), at: (performance.now() - startedAt) / 1000 });
  });
  const [exitCode] = await once(child, 'close');
  if (exitCode !== 0) throw new Error(`the demo ended with exit code ${exitCode}`);
  return recorded;
}

/** A line as a terminal of this width shows it: what does not fit is left out, colours are not counted. */
function cut(line: string): string {
  let left = COLUMNS;
  return line
    .split(COLOUR_CODE)
    .map((part) => {
      if (part.startsWith(ESCAPE)) return part;
      const shown = part.length > left ? `${part.slice(0, left - 1)}…` : part;
      left -= shown.length;
      return left < 0 ? '' : shown;
    })
    .join('');
}

function paced(recorded: readonly Line[]): Line[] {
  let at = 0;
  return recorded.map((line, index) => {
    const wait = line.at - (recorded[index - 1]?.at ?? 0);
    at += Math.min(LONGEST_WAIT_S, Math.max(LEAST_WAIT_S, wait));
    return { text: line.text, at };
  });
}

function picture(all: readonly Line[]): string {
  const width = COLUMNS * CHAR_WIDTH + 2 * PADDING;
  const height = ROWS * LINE_HEIGHT + 2 * PADDING;
  const texts = all.map(({ text, at }, index) => lineElement(text, at, index)).join('\n');
  const last = Math.max(0, all.length - ROWS);
  return `<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>The demo of Steward in a terminal</title>
<style>
  text { font: 14px ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1f2328; white-space: pre; }
  .frame { fill: #f6f8fa; stroke: #d1d9e0; }
  .bold { font-weight: 600; } .dim { fill: #59636e; } .green { fill: #1a7f37; } .red { fill: #cf222e; } .magenta { fill: #8250df; }
  .line { animation: show 1ms backwards; }
  .page { transform: translateY(${-last * LINE_HEIGHT}px); animation: scroll ${all.at(-1)!.at.toFixed(2)}s step-end; }
  @keyframes show { from { opacity: 0; } }
  @keyframes scroll { ${scrollFrames(all)} }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; } .frame { fill: #0d1117; stroke: #3d444d; }
    .dim { fill: #9198a1; } .green { fill: #3fb950; } .red { fill: #f85149; } .magenta { fill: #bc8cff; }
  }
  @media (prefers-reduced-motion: reduce) { .line, .page { animation: none; } }
</style>
<clipPath id="screen"><rect x="0" y="${PADDING - 4}" width="${width}" height="${ROWS * LINE_HEIGHT + 8}"/></clipPath>
<rect class="frame" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
<g clip-path="url(#screen)"><g class="page">
${texts}
</g></g>
</svg>
`;
}

/** Where the page stands at each moment at which a line is added below a full screen. */
function scrollFrames(all: readonly Line[]): string {
  const total = all.at(-1)!.at;
  const frames = all.flatMap(({ at }, index) => {
    const hidden = index + 1 - ROWS;
    return hidden <= 0
      ? []
      : [`${((at / total) * 100).toFixed(2)}% { transform: translateY(${-hidden * LINE_HEIGHT}px); }`];
  });
  return ['0% { transform: translateY(0); }', ...frames].join(' ');
}

function lineElement(text: string, at: number, index: number): string {
  const y = PADDING + (index + 1) * LINE_HEIGHT - 5;
  return `<text class="line" x="${PADDING}" y="${y}" style="animation-delay:${at.toFixed(2)}s">${spans(text)}</text>`;
}

/** The line's text, its colours as classes. */
function spans(text: string): string {
  let open = '';
  return text
    .split(COLOUR_CODE)
    .map((part) => {
      if (!part.startsWith(`${ESCAPE}[`)) return span(part, open);
      open = part
        .slice(2, -1)
        .split(';')
        .map((code) => CLASSES[code])
        .filter(Boolean)
        .join(' ');
      return '';
    })
    .join('');
}

function span(text: string, classes: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return classes === '' || text === '' ? escaped : `<tspan class="${classes}">${escaped}</tspan>`;
}
