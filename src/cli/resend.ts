import type { StewardApi } from '../client/steward-api.ts';
import type { ResendChoice, SubmissionAnswer } from '../contract/requests.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { findThing } from './find-thing.ts';
import { toLine } from './format/text-width.ts';
import { UsageError } from './usage-error.ts';
import { FORM_OPTIONS, type Form, formOf, NODE_OPTIONS, withNode } from './with-node.ts';

/** `steward resend`: sends requests again, as new ones. */
export const resend = defineCommand({
  usage: ['resend [options] REQUEST', 'resend --failed|--missing [options] BATCH'],
  about: [
    'Sends a request again as a new one, or those of a batch that did not do what they should: --failed means failed, timed',
    'out, interrupted, refused and cancelled ones, --missing those that never reached their node. Both may be given.',
  ],
  options: {
    failed: { type: 'boolean', summary: 'of a batch, what failed' },
    missing: { type: 'boolean', summary: 'of a batch, what did not reach its node' },
    ...FORM_OPTIONS,
    ...NODE_OPTIONS,
  },
  operands: ['id'],
  examples: [
    { line: 'steward resend --failed 01a204f7-5e12', does: 'run it again where it failed' },
    { line: 'steward resend --failed --missing 01a204f7-5e12', does: 'and where nobody took it' },
    { line: 'steward resend 01a204f7-5e13', does: 'one request, however it ended' },
  ],
  run: async (call) => {
    const form = formOf(call.options);
    const [id, ...more] = call.operands;
    if (id === undefined || more.length > 0)
      throw new UsageError('name one request or batch: steward resend ID; steward status lists the latest');
    const { failed, missing } = call.options;
    return await withNode(call, async (api) => {
      const answer = await resendOne(api, id, choiceOf(failed === true, missing === true));
      call.stdout.write(answerText(answer, form));
      return answer.refused.length === 0 ? EXIT.ok : EXIT.fault;
    });
  },
});

function choiceOf(failed: boolean, missing: boolean): ResendChoice | undefined {
  if (failed && missing) return 'both';
  if (failed) return 'failed';
  return missing ? 'missing' : undefined;
}

async function resendOne(
  api: StewardApi,
  id: string,
  which: ResendChoice | undefined,
): Promise<SubmissionAnswer> {
  const thing = await findThing(api, id, { first: which === undefined ? 'request' : 'batch' });
  if (thing.kind === 'request') return await api.resendRequest(thing.request.id);
  if (which !== undefined) return await api.resendBatch(thing.batch.id, which);
  throw new UsageError(`${id} is a batch: say what of it to send again, --failed, --missing or both`);
}

function answerText({ batch, accepted, refused, warnings }: SubmissionAnswer, form: Form): string {
  if (form !== 'text')
    return `${JSON.stringify({ batch, accepted, refused, warnings }, undefined, form === 'json' ? 2 : 0)}\n`;
  if (accepted.length === 0 && refused.length === 0) return 'nothing of it is to be sent again\n';
  const head = `${accepted.length} sent again: ${nodesText(accepted.map(({ toNode }) => toNode))}`;
  const refusals = refused.map(({ reason }) => toLine(`  refused: ${reason}`));
  return `${[head, ...refusals, ...(batch === undefined ? [] : [`follow: steward watch ${batch}`])].join('\n')}\n`;
}

function nodesText(names: readonly string[]): string {
  const most = 8;
  const unique = [...new Set(names)];
  return unique.length > most
    ? `${unique.slice(0, most).join(', ')} and ${unique.length - most} more`
    : unique.join(', ');
}
