import type { Writable } from 'node:stream';
import type { RequestSummary } from '../../contract/requests.ts';
import { isEnd } from '../../contract/states.ts';
import { durationWords } from '../../lib/time-words.ts';
import { toJson, visibleLine } from '../../lib/visible.ts';
import type { ParsedCall } from '../line/command.ts';
import { type Terminal, terminalOf } from '../line/terminal.ts';
import { tell } from '../print/tell.ts';
import { cutTo, padTo } from '../print/text-width.ts';
import type { Form } from './with-node.ts';

const CLEAR_LINE = '\r\u001b[K';

/** Prints how copies end, a line each, and on a terminal below them how far the others are. */
export class CopyPrinter {
  readonly #form: Form;
  readonly #stdout: Writable;
  readonly #stderr: Writable;
  readonly #terminal: Terminal;
  readonly #width: number;
  readonly #total: number;
  readonly #ended = new Map<string, object>();
  readonly #progress = new Map<string, string>();

  constructor({ titles, form }: { titles: readonly string[]; form: Form }, call: ParsedCall) {
    this.#form = form;
    this.#stdout = call.stdout;
    this.#stderr = call.stderr;
    this.#terminal = terminalOf(call.stderr, call);
    this.#width = titles.reduce((width, title) => Math.max(width, title.length), 0);
    this.#total = titles.length;
  }

  /** Takes what became of the copy to or from a node. */
  take(request: RequestSummary, node: string): void {
    if (!isEnd(request.state)) this.#progress.set(node, request.reason ?? request.state);
    else if (!this.#ended.has(node)) this.#printEnd(request, node);
    this.#draw();
  }

  /** Says something besides. */
  note(text: string): void {
    this.#clear();
    tell(this.#stderr, text);
    this.#draw();
  }

  /** Takes the progress away; --json is printed now. */
  end(): void {
    this.#clear();
    if (this.#form === 'json') this.#stdout.write(`${toJson([...this.#ended.values()], 2)}\n`);
  }

  #printEnd(request: RequestSummary, node: string): void {
    const { state, reason, queuedAt, endedAt } = request;
    const ms = (endedAt ?? queuedAt) - queuedAt;
    const told = { node, id: request.id, state, reason, ms };
    this.#progress.delete(node);
    this.#ended.set(node, told);
    this.#clear();
    if (this.#form === 'jsonl') this.#stdout.write(`${toJson(told)}\n`);
    if (this.#form !== 'text') return;
    const text =
      state === 'succeeded' ? `copied in ${durationWords(ms)}` : `${state}: ${visibleLine(reason ?? '')}`;
    this.#stdout.write(`${padTo(visibleLine(node), this.#width)}  ${text}\n`);
  }

  #draw(): void {
    if (!this.#terminal.isTerminal || this.#progress.size === 0) return;
    const [node, text] = [...this.#progress].at(-1)!;
    const count = this.#total > 1 ? `${this.#ended.size} of ${this.#total} done; ` : '';
    this.#stderr.write(
      CLEAR_LINE + cutTo(`${count}${visibleLine(`${node}: ${text}`)}`, this.#terminal.columns - 1),
    );
  }

  #clear(): void {
    if (this.#terminal.isTerminal) this.#stderr.write(CLEAR_LINE);
  }
}
