import type { SubmissionAnswer } from '../../contract/requests.ts';
import { sizeWords } from '../../lib/size-words.ts';
import { hashOf } from '../state/route.ts';
import type { RunForm } from '../state/run-form.ts';
import type { Question } from '../state/state.ts';
import { TEXTS } from '../texts.ts';
import type { WebApi } from './web-api.ts';

/** Does what was asked for and confirmed, and says what came of it. Throws WebError. */
export async function doTask(question: Question, api: WebApi): Promise<string> {
  switch (question.does) {
    case 'cancel':
      return TEXTS.cancelled[(await api.cancelRequest(question.request.id)).result];
    case 'resend': {
      const { accepted, refused } = await api.resendRequest(question.request.id);
      if (accepted[0] !== undefined) location.hash = hashOf({ screen: 'request', id: accepted[0].id });
      return refused[0]?.reason ?? TEXTS.resent;
    }
    case 'cancel-batch': {
      const results = await api.cancelBatch(question.batch.id);
      return TEXTS.cancelledBatch(results.filter(({ result }) => CALLED_OFF.has(result)).length);
    }
    case 'resend-batch':
      return sentWords(
        await api.resendBatch(question.batch.id, { which: question.which }),
        TEXTS.resentBatch,
      );
    case 'end-session':
      await api.endSession(question.session.id);
      return TEXTS.sessionEnded;
    case 'rename-passkey': {
      const { name } = await api.renamePasskey(question.passkey.id, { name: question.name ?? '' });
      return TEXTS.passkeyRenamed(name);
    }
    case 'remove-passkey':
      return TEXTS.passkeyRemoved((await api.removePasskey(question.passkey.id)).name);
    case 'run': {
      const { form } = question;
      if (form.waves !== undefined) {
        const order = { ...form.waves, targets: [form.target], message: form.message, label: form.what };
        const { batch: id } = await api.startWaves(newBatchId(), order);
        location.hash = hashOf({ screen: 'batch', id, cursor: undefined });
        return TEXTS.runSent;
      }
      return sentWords(await api.submit([messageOf(form)]), () => TEXTS.runSent);
    }
  }
}

/** Goes to the batch of what was sent, and says what came of it. */
function sentWords(
  { batch, accepted, refused, warnings }: SubmissionAnswer,
  words: (nodes: number) => string,
): string {
  if (batch !== undefined) location.hash = hashOf({ screen: 'batch', id: batch, cursor: undefined });
  const fault = refused[0] ?? (batch === undefined ? warnings[0] : undefined);
  return fault?.reason ?? words(accepted.length);
}

const CALLED_OFF: ReadonlySet<string> = new Set(['cancelled', 'asked']);

/** Checks a message without sending it, and says what would come of it. Throws WebError. */
export async function checkForm(form: RunForm, api: WebApi): Promise<string> {
  const { accepted, refused } = await api.submit([messageOf(form)], { dryRun: true });
  if (refused[0] !== undefined) return refused[0].reason;
  const bytes = new TextEncoder().encode(JSON.stringify(form.message)).length;
  return `${TEXTS.runChecked(accepted.length)} ${TEXTS.runCost(sizeWords(bytes), sizeWords(bytes * accepted.length))}`;
}

/** An id for a batch that is new, a UUIDv7: asked for twice, it is begun once. */
function newBatchId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  const random = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6, 18)}`;
}

function messageOf({ target, message }: RunForm): object {
  return { ...message, toTargets: [target] };
}
