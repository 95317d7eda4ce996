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
    case 'resend-batch': {
      const { accepted, refused } = await api.resendBatch(question.batch.id, { which: question.which });
      return refused[0]?.reason ?? TEXTS.runChecked(accepted.length);
    }
    case 'end-session':
      await api.endSession(question.session.id);
      return TEXTS.sessionEnded;
    case 'run': {
      const { batch, refused } = await api.submit([messageOf(question.form)]);
      if (batch !== undefined) location.hash = hashOf({ screen: 'batch', id: batch, cursor: undefined });
      return refused[0]?.reason ?? '';
    }
  }
}

const CALLED_OFF: ReadonlySet<string> = new Set(['cancelled', 'asked']);

/** Checks a message without sending it, and says what would come of it. Throws WebError. */
export async function checkForm(form: RunForm, api: WebApi): Promise<string> {
  const { accepted, refused } = await api.submit([messageOf(form)], { dryRun: true });
  return refused[0]?.reason ?? TEXTS.runChecked(accepted.length);
}

function messageOf({ target, message }: RunForm): object {
  return { ...message, toTargets: [target] };
}
