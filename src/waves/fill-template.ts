import type { NodeSummary } from '../contract/nodes.ts';
import { OperationError } from '../contract/operation-error.ts';

/** A template asks for what there is not: a sentence that names the word and the way out. */
export class TemplateError extends OperationError {
  readonly exitCode = 1;

  constructor(message: string) {
    super('bad-request', message);
  }
}

/** What a template may say of a node. */
export type TemplateNode = Pick<NodeSummary, 'name'> & Partial<Pick<NodeSummary, 'labels' | 'os'>>;

/**
 * A text with `{{node}}`, `{{label.NAME}}` and `{{os}}` replaced by what they are for a node. `{{.x}}` and
 * `{{STEWARD_...}}` belong to others and stay. Throws TemplateError for any other word, and for what is not known of the node;
 * `check` may throw for what a node says of itself.
 */
export function fillTemplate(
  text: string,
  node: TemplateNode,
  check: (value: string, word: string) => void = () => {},
): string {
  return text.replace(/\{\{([^{}]*)\}\}/g, (whole, inner: string) => {
    const word = inner.trim();
    if (word.startsWith('.') || word.startsWith('STEWARD_')) return whole;
    const value = valueFor(word, node);
    check(value, word);
    return value;
  });
}

function valueFor(word: string, { name, labels = {}, os }: TemplateNode): string {
  if (word === 'node') return name;
  if (word === 'os' && os != null) return os.split(' ')[0]!;
  if (word === 'os')
    throw new TemplateError(
      `{{os}}: the system of ${name} is not known; leave such nodes out, as with 'ship* and os=*'`,
    );
  const label = /^label\.(.+)$/.exec(word)?.[1];
  if (label === undefined)
    throw new TemplateError(
      `{{${word}}} means nothing in a template: write {{node}}, {{os}} or {{label.NAME}}`,
    );
  if (Object.hasOwn(labels, label)) return labels[label]!;
  throw new TemplateError(
    `{{${word}}}: ${name} has no label ${label}; leave such nodes out, as with 'ship* and ${label}=*'`,
  );
}
