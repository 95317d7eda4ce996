import type { StewardApi } from '../../client/steward-api.ts';
import type { ResendChoice, SubmissionAnswer } from '../../contract/requests.ts';
import { firstWords } from '../../lib/first-words.ts';
import { toJson, visibleLine } from '../../lib/visible.ts';
import { defineNodeCommand, type Form } from '../fleet/with-node.ts';
import { EXIT, UsageError } from '../line/command.ts';
import { resolveId } from './resolve-id.ts';

/** `steward resend`: sends requests again, as new ones. */
export const resend = defineNodeCommand({
  usage: ['resend [options] REQUEST', 'resend --failed|--missing [options] BATCH'],
  about: [
    'Sends a request that has ended again, as a new one. Of a batch, --failed sends those again that failed, timed out,',
    'were interrupted or rejected, and --missing those that expired or could not be delivered; you may give both.',
    'Neither sends cancelled requests: name such a request by its own id.',
  ],
  options: {
    failed: { summary: 'of a batch, what failed' },
    missing: { summary: 'of a batch, what did not reach its node' },
  },
  operands: ['id'],
  examples: [
    { line: 'steward resend --failed 01a204f7-5e12', does: 'run it again where it failed' },
    { line: 'steward resend --failed --missing 01a204f7-5e12', does: 'and where nobody took it' },
    { line: 'steward resend 01a204f7-5e13', does: 'one request that has ended, however it did' },
  ],
  run: async (call) => {
    const { form } = call;
    const [id, ...more] = call.operands;
    if (id === undefined || more.length > 0)
      throw new UsageError('name one request or batch: steward resend ID; steward status lists the latest');
    const { failed, missing } = call.options;
    const api = await call.api();
    const answer = await resendOne(api, id, choiceOf(failed === true, missing === true));
    call.stdout.write(answerText(answer, form));
    return answer.refused.length === 0 ? EXIT.ok : EXIT.fault;
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
  const thing = await resolveId(api, id, { first: which === undefined ? 'request' : 'batch' });
  if (thing.kind === 'request') return await api.resendRequest(thing.request.id);
  if (which !== undefined) return await api.resendBatch(thing.batch.id, { which });
  throw new UsageError(`${id} is a batch: say what of it to send again, --failed, --missing or both`);
}

function answerText({ batch, accepted, refused, warnings }: SubmissionAnswer, form: Form): string {
  if (form !== 'text') return `${toJson({ batch, accepted, refused, warnings }, form === 'json' ? 2 : 0)}\n`;
  if (accepted.length === 0 && refused.length === 0) return 'nothing of it is to be sent again\n';
  const nodes = [...new Set(accepted.map(({ toNode }) => toNode))];
  const head = `${accepted.length} sent again: ${firstWords(nodes, 8)}`;
  const refusals = refused.map(({ reason }) => visibleLine(`  refused: ${reason}`));
  return `${[head, ...refusals, ...(batch === undefined ? [] : [`follow: steward watch ${batch}`])].join('\n')}\n`;
}
