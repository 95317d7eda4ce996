import { likelyMeant } from '../../../config/likely-meant.ts';
import type { RequestFilter } from '../../../contract/requests.ts';
import { OUTCOMES, outcomeOf, REQUEST_STATES, type RequestState } from '../../../contract/states.ts';
import { momentOption } from '../../line/option-values.ts';
import { UsageError } from '../../line/usage-error.ts';

/** The values of the options that pick requests out. */
export interface FilterValues {
  readonly node?: readonly string[] | undefined;
  readonly method?: readonly string[] | undefined;
  readonly state?: readonly string[] | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly batch?: string | undefined;
  readonly scheduled?: boolean | undefined;
}

/** Reads what `--node`, `--state` and the others say; undefined where none was given. Throws UsageError. */
export function readFilter(values: FilterValues, now: number): RequestFilter | undefined {
  const { node, method, state, since, until, batch, scheduled } = values;
  const filter: RequestFilter = {
    ...(node === undefined ? {} : { node }),
    ...(method === undefined ? {} : { method }),
    ...(state === undefined ? {} : { state: [...new Set(state.flatMap(statesOf))] }),
    ...(since === undefined ? {} : { since: momentOption('since', since, { now, isPast: true }) }),
    ...(until === undefined ? {} : { until: momentOption('until', until, { now, isPast: true }) }),
    ...(batch === undefined ? {} : { batch }),
    ...(scheduled ? { scheduled } : {}),
  };
  return Object.keys(filter).length === 0 ? undefined : filter;
}

/** The state of this name or, where there is none, the states of the group of this name. */
function statesOf(word: string): readonly RequestState[] {
  if (REQUEST_STATES.includes(word as RequestState)) return [word as RequestState];
  const ofGroup = REQUEST_STATES.filter((state) => outcomeOf(state) === word);
  if (ofGroup.length > 0) return ofGroup;
  const words = [...new Set([...REQUEST_STATES, ...OUTCOMES])];
  const close = likelyMeant(word, words);
  const hint = close === undefined ? `give one of ${words.join(', ')}` : `did you mean ${close}?`;
  throw new UsageError(`--state ${JSON.stringify(word)} is no state; ${hint}`);
}
