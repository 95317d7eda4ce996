import { type AnswerGroup, foldAnswers, lineDiff } from '../../../contract/fold-answers.ts';
import { countWords } from '../../../lib/time-words.ts';
import { terminalOutput, visibleLine } from '../../../lib/visible.ts';
import { type Terminal, terminalOf } from '../../line/terminal.ts';
import { tell } from '../../print/tell.ts';
import { cutTo } from '../../print/text-width.ts';
import { AnswerCollector } from './answer-collector.ts';
import { writeTo } from './output-sink.ts';
import { createProgressBar } from './progress-bar.ts';
import { summaryText } from './summary.ts';
import type { RunView, ViewOptions } from './view.ts';

/** Shows the same answers once, when all have come: how many nodes gave them, who they are, and how others differ. */
export function createFoldedView({ call, tracker, batch, later, now }: ViewOptions): RunView {
  const terminal = terminalOf(call.stdout, call);
  const bar = createProgressBar(call.stderr, { terminal: terminalOf(call.stderr, call), now });
  const outputs = new AnswerCollector();
  const startedAt = now();
  return {
    sink: outputs,
    changed: () => bar.show(tracker.counts()),
    note(text) {
      bar.clear();
      tell(call.stderr, text);
    },
    async finish(end) {
      bar.clear();
      await writeTo(call.stdout, foldedText(foldAnswers(outputs.answers(tracker)), terminal));
      const time = now();
      const facts = { tracker, end, batch, later, now: time, elapsedMs: time - startedAt };
      const options = { ...facts, terminal: terminalOf(call.stderr, call), lastLines: new Map() };
      call.stderr.write(summaryText(options));
    },
    [Symbol.dispose]: bar[Symbol.dispose],
  };
}

/** What groups of nodes answered; of all but the first, in what they differ from it where that is shorter. */
function foldedText(groups: readonly AnswerGroup[], terminal: Terminal): string {
  const [first] = groups;
  return groups
    .map((group) => {
      const isFirst = group === first;
      const diff = isFirst ? undefined : lineDiff(outputOf(first!), outputOf(group));
      const how = isFirst ? '' : diff === undefined ? ' (other output)' : ' (diff)';
      const body = diff === undefined ? outputOf(group) : diff.map((line) => `${line}\n`).join('');
      return `${terminal.style('bold', headText(group, terminal))}${how}\n${clean(body, terminal)}`;
    })
    .join('');
}

function headText({ nodes, end }: AnswerGroup, { isTerminal, columns }: Terminal): string {
  if (nodes.length === 1) return visibleLine(`${nodes[0]} said, ${end}:`);
  const text = visibleLine(`${countWords(nodes.length, 'node')} said, ${end}: ${nodes.join(' ')}`);
  return isTerminal ? cutTo(text, columns) : text;
}

/** What came on stdout and then on stderr, each line whole. */
function outputOf({ stdout, stderr }: AnswerGroup): string {
  return [stdout, stderr].map((text) => (text === '' || text.endsWith('\n') ? text : `${text}\n`)).join('');
}

/** On a terminal nothing that a node printed may move the cursor. */
function clean(text: string, { isTerminal }: Terminal): string {
  return isTerminal ? terminalOutput(text, '\n\t') : text;
}
