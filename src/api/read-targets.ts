import { badValue } from './refusal.ts';

const MAX_TARGETS = 10_000;

/** The targets of a body `{"targets": [...]}`. Throws RefusedError. */
export function readTargets(body: unknown): readonly string[] {
  const targets =
    typeof body === 'object' && body !== null ? (body as { targets?: unknown }).targets : undefined;
  if (!Array.isArray(targets) || !targets.every((target) => typeof target === 'string')) {
    throw badValue(
      'targets',
      'the body must be {"targets": [...]}, a list of texts such as "ship*" or "@group"',
    );
  }
  if (targets.length > MAX_TARGETS) {
    throw badValue('targets', `there are ${targets.length} targets: ask for ${MAX_TARGETS} at most at once`);
  }
  return targets;
}
