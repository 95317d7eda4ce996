import type { Ledger } from '../ledger/ledger.ts';
import type { Clock } from '../lib/clock.ts';
import { formatOf } from '../message/codec/body-format.ts';
import { decodeMessage } from '../message/codec/decode-message.ts';
import { AWAITS_REPLY, deskReplyId } from '../message/desk-reply.ts';
import type { Message } from '../message/message.ts';
import type { Incoming } from '../message/method-contract.ts';
import type { ReportEntry } from '../message/report.ts';
import { LANE_SPAN, type Store } from '../store/store.ts';

export interface OutputRepliesDeps {
  readonly store: Pick<Store, 'all' | 'get'>;
  readonly ledger: Pick<Ledger, 'applyReports' | 'output' | 'receiverOf'>;
  readonly clock: Pick<Clock, 'after' | 'steadyNow' | 'wallNow'>;
}

interface Awaited {
  readonly id: string;
  readonly subject: string;
  readonly accepted_at: number;
  readonly format: number | null;
  readonly body: Uint8Array | null;
}

/** Two looks are apart by this much, ms: at least, and while a reply is awaited at most, as the wall clock may be set. */
const LEAST_MS = 5000;
const MOST_MS = 60_000;
/** How long after its time a reply may come. */
const GRACE_MS = 10_000;
const DEFAULT_TIMEOUT_S = 10;
const COPIED = 'written here, as the original program sent it';
const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** A reply to these says that they were done; of a command it says nothing but what was printed. */
const SAYS_DONE: ReadonlySet<string> = new Set(['REQPing', 'REQOpProcessList', 'REQHttpGet']);
/** These send many replies. */
const GOES_ON: ReadonlySet<string> = new Set(['REQCliCommandCont', 'REQTailFile']);

/** Through the index that leaves out what most messages are: it is looked while messages come to new states, every few seconds. */
const AWAITED = `SELECT l.id, n.subject, l.accepted_at, l.format, l.body
  FROM ledger l INDEXED BY ledger_notable JOIN lanes n ON n.id = l.key / ${LANE_SPAN}
  WHERE l.batch IS NOT NULL AND l.state NOT IN ('queued', 'succeeded') AND l.state IN ('accepted', 'running') AND l.reason = ?`;
/** Of few lanes. A file may come before it is known that the request for it was taken. */
const COPIES = `SELECT l.id, n.subject, coalesce(o.format, l.format) AS format, coalesce(o.body, l.body) AS body
  FROM lanes n CROSS JOIN ledger l ON l.key BETWEEN n.id * ${LANE_SPAN} AND (n.id + 1) * ${LANE_SPAN} - 1
  LEFT JOIN outbox o ON o.key = l.key
  WHERE n.subject LIKE '%.REQCopyFileFrom.%' AND l.batch IS NOT NULL AND l.state IN ('queued', 'sent', 'accepted', 'running')`;

/**
 * Takes replies of original nodes for the output of the requests that somebody follows here. Such a node tells no exit
 * code, and nothing after a time-out: then the request ends as `handed-over` when its time is over.
 */
export class OutputReplies implements Disposable {
  readonly #deps: OutputRepliesDeps;
  #cancelLook: (() => void) | undefined;
  /** When it looks next, ms of the steady clock. */
  #looksAt = Number.POSITIVE_INFINITY;
  #isOver = false;

  constructor(deps: OutputRepliesDeps) {
    this.#deps = deps;
    this.#lookWithin(LEAST_MS);
  }

  /** Messages came to a new state: an original node may have taken them. */
  changed(): void {
    this.#lookWithin(LEAST_MS);
  }

  /**
   * Whether a message is such a reply; then it is in the ledger, and no file is to be written. It may overtake the word
   * that its request was taken, or the writing down of that.
   */
  async take({ message, isFromOriginal }: Pick<Incoming, 'message' | 'isFromOriginal'>): Promise<boolean> {
    const { ledger } = this.#deps;
    const id = deskReplyId(message);
    if (id === undefined || ledger.receiverOf(id) !== message.fromNode) return false;
    // A node of this program tells the same in its reports.
    if (isFromOriginal !== true) return true;
    const data = Buffer.concat(message.data ?? []);
    const offset = ledger.output(id, 'stdout', Number.MAX_SAFE_INTEGER).totalBytes;
    const method = message.previousMessage?.method ?? '';
    await ledger.applyReports(message.fromNode, [entryOf({ id, method, data, offset })]);
    return true;
  }

  /** An original node's file was written here: who asked it for that knows now that it is done. */
  async copied({ methodArgs }: Pick<Message, 'methodArgs'>): Promise<void> {
    const { store, ledger } = this.#deps;
    const wanted = JSON.stringify(methodArgs);
    const row = store
      .all<Awaited>(COPIES)
      .find((one) => JSON.stringify(messageOf(one).methodArgs) === wanted);
    const node = row && ledger.receiverOf(row.id);
    if (row && node !== undefined)
      await ledger.applyReports(node, [{ id: row.id, state: 'succeeded', reason: COPIED }]);
  }

  /** Ends what no reply comes for any more, and returns how long nothing is to be ended, ms. */
  async look(): Promise<number> {
    const { store, ledger, clock } = this.#deps;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const row of store.all<Awaited>(AWAITED, AWAITS_REPLY)) {
      const { method, methodTimeout } = messageOf(row);
      if (methodTimeout < 0) continue;
      const overAt = row.accepted_at + (methodTimeout || DEFAULT_TIMEOUT_S) * 1000 + GRACE_MS;
      const leftMs = overAt - clock.wallNow();
      nextMs = Math.min(nextMs, Math.max(leftMs, LEAST_MS), MOST_MS);
      if (leftMs > 0) continue;
      const reason = silenceOf(method);
      const node = ledger.receiverOf(row.id);
      if (node !== undefined) await ledger.applyReports(node, [{ id: row.id, state: 'handed-over', reason }]);
    }
    return nextMs;
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#cancelLook?.();
  }

  readonly #lookWithin = (ms: number): void => {
    const { clock } = this.#deps;
    const at = clock.steadyNow() + ms;
    if (this.#isOver || at >= this.#looksAt) return;
    this.#cancelLook?.();
    this.#looksAt = at;
    this.#cancelLook = clock.after(ms, () => {
      this.#looksAt = Number.POSITIVE_INFINITY;
      this.look().then(this.#lookWithin, () => this.#lookWithin(LEAST_MS));
    });
  };
}

/** Why nothing more is to be heard of a request whose time is over. */
function silenceOf(method: string): string {
  if (GOES_ON.has(method)) return 'the original program has run it until its methodTimeout';
  return method === 'REQCopyFileFrom'
    ? 'no file came from the original program, which reports to errorCentral alone why it sends none'
    : 'no reply came from the original program, which sends none after a time-out';
}

function entryOf({
  id,
  method,
  data,
  offset,
}: {
  id: string;
  method: string;
  data: Uint8Array;
  offset: number;
}): ReportEntry {
  if (GOES_ON.has(method))
    return { id, state: 'running', reason: AWAITS_REPLY, output: [{ stream: 'stdout', offset, data }] };
  const output = { stdout: data, stdoutFrom: offset, outputBytes: offset + data.length };
  if (SAYS_DONE.has(method)) return { id, state: 'succeeded', ...output };
  return {
    ...{ id, state: 'handed-over', ...output },
    reason: 'run by the original program, which tells no exit code',
  };
}

function messageOf({
  body,
  format,
}: Pick<Awaited, 'body' | 'format'>): Pick<Message, 'method' | 'methodTimeout' | 'methodArgs'> {
  const nothing = { method: '', methodTimeout: 0, methodArgs: null };
  if (body === null) return nothing;
  try {
    return decodeMessage(body, { ...formatOf(format ?? 0), maxBytes: MAX_BODY_BYTES });
  } catch {
    return nothing;
  }
}
