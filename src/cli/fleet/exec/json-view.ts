import { foldAnswers } from '../../../contract/fold-answers.ts';
import { toJson } from '../../../lib/visible.ts';
import { tell } from '../../print/tell.ts';
import { AnswerCollector } from './answer-collector.ts';
import { createLineSink } from './line-sink.ts';
import { writeTo } from './output-sink.ts';
import { bytesAsJson, runResult } from './run-result.ts';
import type { RunView, ViewOptions } from './view.ts';

/** Prints one JSON value at the end, with all output in it; the same answers as groups where that is asked for. */
export function createJsonView({ call, tracker, batch, label, isFolded }: ViewOptions): RunView {
  const outputs = new AnswerCollector();
  return {
    sink: outputs,
    changed: () => {},
    note: (text) => tell(call.stderr, text),
    async finish(end) {
      const outputOf = (node: string) =>
        isFolded
          ? {}
          : { stdout: outputs.outputOf(node, 'stdout'), stderr: outputs.outputOf(node, 'stderr') };
      const result = runResult({ batch, label }, { tracker, end, outputOf });
      const groups = isFolded ? { groups: foldAnswers(outputs.answers(tracker)) } : {};
      await writeTo(call.stdout, `${toJson({ ...result, ...groups }, 2)}\n`);
    },
    [Symbol.dispose]: () => {},
  };
}

/** Prints a line of JSON for each line of output and each change, and one for the whole at the end. */
export function createJsonLinesView({ call, tracker, batch, label }: ViewOptions): RunView {
  const print = (value: object) => writeTo(call.stdout, `${toJson(value)}\n`);
  return {
    sink: createLineSink(({ node, stream, bytes }) =>
      print({ type: 'line', node, stream, line: bytesAsJson(bytes) }),
    ),
    changed(requests) {
      for (const request of requests) void print({ type: 'request', ...request });
    },
    note: (text) => tell(call.stderr, text),
    async finish(end) {
      const { nodes, ...whole } = runResult({ batch, label }, { tracker, end, outputOf: () => ({}) });
      for (const one of nodes) if (one.request?.endedAt == null) await print({ type: 'open', ...one });
      await print({ type: 'end', ...whole });
    },
    [Symbol.dispose]: () => {},
  };
}
