import type { Writable } from 'node:stream';
import { terminalOutput } from '../../../lib/visible.ts';
import type { Terminal } from '../../line/terminal.ts';
import type { TakeLine } from './line-sink.ts';
import { writeTo } from './output-sink.ts';

/** Where lines of several nodes go. */
export interface LineOutput {
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Whether lines have their node in front; they do unless told. */
  readonly isPrefixed?: boolean;
  /** What is known of the two. */
  readonly terminals: { readonly stdout: Terminal; readonly stderr: Terminal };
}

const COLOURS = [
  'cyan',
  'yellow',
  'green',
  'magenta',
  'blue',
  'cyanBright',
  'yellowBright',
  'greenBright',
] as const;

/**
 * Prints each line behind its node: `[ship1] line`, those of stderr as `[ship1!] line` on stderr. Bytes are left as they
 * are, but on a terminal what would overwrite the prefix is left out, and bytes that are no text are shown as such.
 */
export function createLinePrinter({ stdout, stderr, terminals, isPrefixed = true }: LineOutput): TakeLine {
  return ({ node, stream, bytes }) => {
    const isError = stream === 'stderr';
    const terminal = terminals[stream];
    const prefix = `[${node}${isError ? '!' : ''}]`;
    const shown = isPrefixed ? `${terminal.style(isError ? 'red' : colourOf(node), prefix)} ` : '';
    const line = terminal.isTerminal ? Buffer.from(terminalText(bytes)) : bytes;
    return writeTo(isError ? stderr : stdout, Buffer.concat([Buffer.from(shown), line, LINE_FEED]));
  };
}

const LINE_FEED = Buffer.from('\n');

/** The same colour for a node each time. */
function colourOf(node: string): (typeof COLOURS)[number] {
  let sum = 0;
  for (const character of node) sum = (sum * 31 + character.codePointAt(0)!) % 65_536;
  return COLOURS[sum % COLOURS.length]!;
}

/** What would be left to see of a line on a terminal of its own: what stands behind its last carriage return. */
function terminalText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf8').replace(/\r+$/, '');
  const last = text.slice(text.lastIndexOf('\r') + 1);
  // Colours that the line leaves on would colour those of others; other sequences may move the cursor anywhere.
  const colours = terminalOutput(last, '\t');
  return colours.includes('\x1b') ? `${colours}\x1b[0m` : colours;
}
