import type { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Refusal, SubmissionAnswer } from '../../contract/requests.ts';
import { countWords } from '../../lib/time-words.ts';
import { toJson, visibleLine } from '../../lib/visible.ts';
import { EXIT } from '../line/command.ts';
import { readGiven } from '../line/read-given.ts';
import { keyOption } from './exec/read-options.ts';
import { defineNodeCommand, type Form, listText } from './with-node.ts';

/** How many refusals are shown one by one. */
const MOST_REFUSALS = 20;

/** `steward send`: hands a file of messages to the running node. */
export const send = defineNodeCommand({
  usage: ['send [options] FILE...', 'send [options] -'],
  about: [
    'Submits messages (JSON or YAML: a list, or one) to the running node. A message is accepted once the command says so;',
    'each file becomes one batch. For each refused message it prints the field and the reason.',
  ],
  options: {
    'dry-run': { summary: 'only check: say what would be accepted and what refused' },
    label: { value: 'TEXT', summary: 'what lists show for the batch' },
    supersedes: {
      value: 'KEY',
      summary: 'take the place of what was sent to the same node with this key and has not begun',
    },
  },
  operands: ['file'],
  examples: [
    { line: 'steward send message.json', does: 'sends it and prints the batch' },
    { line: 'steward send --dry-run *.yaml', does: 'checks some files without sending anything' },
    { line: 'echo "$message" | steward send -', does: 'sends what another program made' },
  ],
  needs: 'name the file of messages to send, or - for stdin',
  run: async (call) => {
    const { form } = call;
    const isDryRun = call.options['dry-run'] === true;
    const { label } = call.options;
    const supersedes = keyOption(call.options);
    const texts = await Promise.all(call.operands.map((file) => textOf(file, call.stdin)));
    const api = await call.api();
    const answers: SubmissionAnswer[] = [];
    for (const text of texts) answers.push(await api.submit(text, { dryRun: isDryRun, label, supersedes }));
    print(answers, { form, isDryRun, files: call.operands }, call.stdout);
    return answers.every(({ refused }) => refused.length === 0) ? EXIT.ok : EXIT.fault;
  },
});

async function textOf(file: string, stdin: Readable): Promise<Uint8Array> {
  return file === '-' ? await buffer(stdin) : await readGiven(file);
}

interface Printing {
  readonly form: Form;
  readonly isDryRun: boolean;
  readonly files: readonly string[];
}

function print(
  answers: readonly SubmissionAnswer[],
  { form, isDryRun, files }: Printing,
  out: Writable,
): void {
  // One file, one answer, as the socket gives it.
  if (form === 'json' && answers.length === 1) out.write(`${toJson(answers[0], 2)}\n`);
  else {
    const text = () =>
      answers
        .map((answer, at) => `${files.length > 1 ? `${files[at]}: ` : ''}${answerText(answer, isDryRun)}`)
        .join('');
    out.write(listText(answers, form, text));
  }
}

function answerText({ batch, accepted, refused, warnings }: SubmissionAnswer, isDryRun: boolean): string {
  const nodes = new Set(accepted.map(({ toNode }) => toNode));
  const messages = countWords(accepted.length, 'message');
  const place = nodes.size === 1 ? [...nodes][0] : `${nodes.size} nodes`;
  const head =
    accepted.length === 0
      ? 'nothing accepted'
      : `${messages} for ${place} ${isDryRun ? 'would be accepted' : 'accepted'}`;
  const follow = batch === undefined || isDryRun ? [] : [`follow: steward watch ${batch}`];
  const lines = [head, ...texts('refused', refused), ...texts('warning', warnings), ...follow];
  return lines.map((line) => `${line}\n`).join('');
}

function texts(word: string, all: readonly Refusal[]): string[] {
  const shown = all.slice(0, MOST_REFUSALS).map(({ index, field, reason }) => {
    const place = index === null ? '' : ` message ${index},`;
    return visibleLine(`  ${word}:${place}${field === null ? '' : ` ${field}:`} ${reason}`);
  });
  return all.length > MOST_REFUSALS ? [...shown, `  and ${all.length - MOST_REFUSALS} more`] : shown;
}
