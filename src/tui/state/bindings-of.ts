import { BATCHES_BINDINGS } from './bindings/batches.ts';
import { COMMON } from './bindings/common.ts';
import { FORM_BINDINGS, TEMPLATES_BINDINGS } from './bindings/form.ts';
import { NODE_BINDINGS } from './bindings/nodes.ts';
import { ERRORS_BINDINGS, QUEUES_BINDINGS } from './bindings/queues.ts';
import { REQUEST_BINDINGS } from './bindings/request.ts';
import { REQUESTS_BINDINGS } from './bindings/requests.ts';
import type { Binding, Screen } from './state.ts';

const OWN: Readonly<Record<Screen['kind'], readonly Binding<never>[]>> = {
  nodes: NODE_BINDINGS,
  requests: REQUESTS_BINDINGS,
  batches: BATCHES_BINDINGS,
  queues: QUEUES_BINDINGS,
  errors: ERRORS_BINDINGS,
  request: REQUEST_BINDINGS,
  form: FORM_BINDINGS,
  templates: TEMPLATES_BINDINGS,
};

/** The keys of a screen, its own before those that all have. */
export function bindingsOf(screen: Screen): readonly Binding[] {
  const own = OWN[screen.kind] as readonly Binding[];
  return screen.kind === 'form' ? own : [...own, ...COMMON];
}
