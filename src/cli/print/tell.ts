import type { Writable } from 'node:stream';
import { visibleLine } from '../../lib/visible.ts';

/** Tells people something besides what a command prints: one line, whatever is in the text. */
export function tell(stream: Writable, text: string): void {
  stream.write(`steward: ${visibleLine(text)}\n`);
}
