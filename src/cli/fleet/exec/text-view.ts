import { visibleLine } from '../../../lib/visible.ts';
import { terminalOf } from '../../line/terminal.ts';
import { tell } from '../../print/tell.ts';
import { createLineSink, type TakeLine } from './line-sink.ts';
import { createRawSink, createTee, type OutputSink } from './output-sink.ts';
import { createLinePrinter } from './prefixed-lines.ts';
import { createProgressBar, type ProgressBar } from './progress-bar.ts';
import { summaryText } from './summary.ts';
import type { RunView, ViewOptions } from './view.ts';

/** Shows a run on several nodes to people: lines as they come, how far it is where there is a terminal, and a summary. */
export function createTextView(options: ViewOptions): RunView {
  const { call, tracker, batch, isPrefixed, later, now } = options;
  const terminals = { stdout: terminalOf(call.stdout, call), stderr: terminalOf(call.stderr, call) };
  const startedAt = now();
  const bar = createProgressBar(call.stderr, { terminal: terminals.stderr, now });
  const lastLines = new Map<string, string>();
  const shown = isPrefixed
    ? createLineSink(createLinePrinter({ stdout: call.stdout, stderr: call.stderr, terminals }))
    : createRawSink(call);
  const remember: TakeLine = ({ node, stream, bytes }) => {
    const line = stream === 'stderr' ? Buffer.from(bytes).toString().trim() : '';
    if (line !== '') lastLines.set(node, visibleLine(line));
  };
  return {
    sink: around(createTee([shown, createLineSink(remember)]), bar),
    changed: () => bar.show(tracker.counts()),
    note(text) {
      bar.clear();
      tell(call.stderr, text);
    },
    finish(end) {
      bar.clear();
      const terminal = terminals.stderr;
      const time = now();
      const elapsedMs = time - startedAt;
      call.stderr.write(
        summaryText({ tracker, end, batch, later, terminal, lastLines, now: time, elapsedMs }),
      );
    },
    [Symbol.dispose]: bar[Symbol.dispose],
  };
}

/** Takes the progress away before something is printed. */
function around(sink: OutputSink, bar: ProgressBar): OutputSink {
  return {
    async piece(node, stream, data) {
      bar.clear();
      await sink.piece(node, stream, data);
      bar.redraw();
    },
    async end(node) {
      bar.clear();
      await sink.end(node);
      bar.redraw();
    },
  };
}
