import type { Telling } from '../bus/fault-log.ts';
import type { Journal } from '../journal/journal.ts';
import { TemporaryError } from '../lib/temporary-error.ts';
import type { NodeProcesses } from '../methods/node-processes.ts';
import type { ErrorReporter } from '../observe/error-reports.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Observation } from './observation.ts';
import type { OwnMessages } from './own-messages.ts';

const OWN_ANSWERS = /\.reply\.[^.]+\.\*$/;
const TO_ERROR_CENTRAL = /^errorCentral\./;

/** The parts of a node that are made later than what calls them. */
export class Late {
  outbox: Outbox | undefined;
  own: OwnMessages | undefined;
  processes: NodeProcesses | undefined;
  journal: Journal | undefined;
  observation: Observation | undefined;
  onConnect: (() => void) | undefined;
  #reporter: ErrorReporter | undefined;
  #faults: string[] = [];

  /** A part that is there once the node has started. */
  made<K extends 'outbox' | 'own' | 'journal' | 'processes'>(part: K): NonNullable<Late[K]> {
    const made = this[part];
    if (!made) throw new TemporaryError('the node is still starting');
    return made;
  }

  /** The reporter, once it can send; what was wrong until then is reported now. */
  report(reporter: ErrorReporter): void {
    this.#reporter = reporter;
    for (const text of this.#faults.splice(0)) reporter.logged(text);
  }

  connected(): void {
    this.observation?.connected();
    this.outbox?.connected();
    this.onConnect?.();
  }

  /** A fault of the link to the broker, which is in the log already. */
  fault(text: string): void {
    this.observation?.linkFailed(text);
    if (this.#reporter) this.#reporter.logged(`error: ${text}`);
    else this.#faults.push(`error: ${text}`);
  }

  /** The broker forbade something: whether that is worth a line, and a report. */
  refused(operation: 'publish' | 'subscription', subject: string): Telling {
    if (operation === 'subscription') this.outbox?.subscriptionRefused(subject);
    // For these the outbox has another way, and says so itself should that be refused too.
    if (operation === 'subscription' && OWN_ANSWERS.test(subject)) return 'silent';
    // A report about it would take the same way.
    return operation === 'publish' && TO_ERROR_CENTRAL.test(subject) ? 'log' : 'report';
  }
}
