import { type BodyFormat, formatNumber, formatOf } from '../../message/codec/body-format.ts';
import { decodeMessage } from '../../message/codec/decode-message.ts';
import { encodeMessage } from '../../message/codec/encode-message.ts';
import { OUTPUT_LOST } from '../../message/output.ts';
import { decodeReport, encodeReport, type ReportEntry } from '../../message/report.ts';
import { ENDLESS } from '../../store/endless.ts';
import { LANE_SPAN, type Statement, type Store, statement } from '../../store/store.ts';
import type { Lane } from '../lane/lane.ts';
import type { Undelivered } from './cancel-queued.ts';

interface OutputRoomDeps {
  readonly store: Store;
  readonly lanes: Iterable<Lane>;
  readonly undelivered: Pick<Undelivered, 'giveUpKeys'>;
  readonly logger: { warn(fields: object, text: string): void };
  /** Hears a sentence for errorCentral. */
  onLost(text: string): void;
}

interface Row {
  readonly key: number;
  readonly bytes: number;
}

/** It is looked again when as much of the room was filled. */
const LOOK_SHARE = 1 / 8;
/** So much more than is needed is freed, so that it is not looked at each message. */
const SPARE_SHARE = 1 / 10;
/** What is smaller holds no output that is worth it, bytes. */
const SMALL_BYTES = 2048;
const SLICE_ROWS = 100;

const OUTPUT_ROWS = `FROM outbox WHERE expires_at = ${ENDLESS}`;

/**
 * What runs printed waits for its target for as long as there is room: beyond that the oldest goes first. Reports stay, without
 * what was printed; replies end here.
 */
export class OutputRoom {
  readonly #maxBytes: number;
  readonly #deps: OutputRoomDeps;
  /** How much came since it was looked; at the start nobody knows. */
  #freshBytes = Number.POSITIVE_INFINITY;
  #looking: Promise<void> | undefined;

  constructor({ maxBytes }: { readonly maxBytes: number }, deps: OutputRoomDeps) {
    this.#maxBytes = maxBytes;
    this.#deps = deps;
  }

  /** Output was queued. */
  queued(bytes: number): void {
    if (bytes === 0) return;
    this.#freshBytes += bytes;
    this.#lookIfFilled();
  }

  /** Makes room where there is too little; resolves when that is done, or cannot be. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((error) => {
        this.#deps.logger.warn({ err: error }, 'no room could be made for output that waits');
      })
      .finally(() => {
        this.#looking = undefined;
        // What came meanwhile may not have been counted.
        this.#lookIfFilled();
      });
    return this.#looking;
  }

  #lookIfFilled(): void {
    if (this.#freshBytes >= this.#maxBytes * LOOK_SHARE) void this.look();
  }

  async #look(): Promise<void> {
    this.#freshBytes = 0;
    const [sum] = await this.#deps.store.query<{ bytes: number | null }>(
      `SELECT sum(length(body)) AS bytes ${OUTPUT_ROWS}`,
    );
    const over = (sum?.bytes ?? 0) - this.#maxBytes;
    if (over <= 0) return;
    const messages = await this.#free(over + this.#maxBytes * SPARE_SHARE);
    if (messages === 0) return;
    const text = `error: ${OUTPUT_LOST}: what runs printed waits for nodes that are away and has more than outboxMB, ${Math.round(this.#maxBytes / 2 ** 20)} MB; ${messages} of the oldest messages go without it`;
    this.#deps.onLost(text);
  }

  /** How many messages went, or went on without their output. */
  async #free(wanted: number): Promise<number> {
    const sql = `SELECT key, length(body) AS bytes, queued_at AS at ${OUTPUT_ROWS}
      AND length(body) > ${SMALL_BYTES} AND (queued_at, key) > (?, ?) ORDER BY queued_at, key LIMIT ${SLICE_ROWS}`;
    let last: readonly [number, number] = [-1, -1];
    let [left, messages] = [wanted, 0];
    while (left > 0) {
      const rows = await this.#deps.store.query<Row & { at: number }>(sql, ...last);
      if (rows.length === 0) break;
      last = [rows.at(-1)!.at, rows.at(-1)!.key];
      const lanes = new Map([...this.#deps.lanes].map((lane) => [lane.queue.id, lane]));
      for (const row of rows) {
        const lane = lanes.get(Math.floor(row.key / LANE_SPAN));
        // What is about to be sent is not touched.
        if (left <= 0 || !lane || lane.queue.isKnown(row.key % LANE_SPAN)) continue;
        const freed = await this.#freeRow(lane, row);
        left -= freed;
        if (freed > 0) messages++;
      }
    }
    return messages;
  }

  async #freeRow({ method }: Lane, { key, bytes }: Row): Promise<number> {
    const { store, undelivered } = this.#deps;
    if (method !== 'REQReport') {
      undelivered.giveUpKeys([{ key }], 'expired', OUTPUT_LOST);
      return bytes;
    }
    const row = store.get<{ format: number; body: Uint8Array }>(
      'SELECT format, body FROM outbox WHERE key = ?',
      key,
    );
    const less = row && withoutOutput(row.body, formatOf(row.format));
    if (!less) return 0;
    await store.write([shorten(key, less)]);
    return bytes - less.body.length;
  }
}

function shorten(key: number, { body, format }: NonNullable<ReturnType<typeof withoutOutput>>): Statement {
  return statement('UPDATE outbox SET format = ?, body = ? WHERE key = ?', formatNumber(format), body, key);
}

const MAX_BODY_BYTES = 2 ** 31;

/** A report without the output in it: the ends stay, and say that it is lost. Undefined where there is none to leave out. */
function withoutOutput(
  body: Uint8Array,
  format: BodyFormat,
): { readonly body: Uint8Array; readonly format: BodyFormat } | undefined {
  const message = decodeMessage(body, { ...format, maxBytes: MAX_BODY_BYTES });
  const { ends } = decodeReport(message.data?.[0] ?? new Uint8Array(0));
  if (!ends.some(hasOutput)) return undefined;
  const data = [encodeReport(ends.map((end) => (hasOutput(end) ? emptied(end) : end)))];
  const encoded = encodeMessage({ ...message, data }, { serialization: format.serial, compression: '' });
  return { body: encoded.payload, format: { serial: encoded.serial, cmp: encoded.cmp } };
}

function hasOutput({ stdout, output }: ReportEntry): boolean {
  return stdout !== undefined || output !== undefined;
}

function emptied({ stdout, stdoutFrom, output, reason, ...rest }: ReportEntry): ReportEntry {
  return { ...rest, reason: reason === undefined ? OUTPUT_LOST : `${reason}; ${OUTPUT_LOST}` };
}
