import type { StewardApi } from '../../../client/steward-api.ts';
import type { ApiEvent } from '../../../contract/events.ts';
import type { RequestSummary } from '../../../contract/requests.ts';
import { OutputJoiner, type Piece } from './output-joiner.ts';
import type { OutputSink } from './output-sink.ts';

/** Puts together what the requests of a run print, and asks the node for what was missed. */
export class OutputReader {
  readonly #api: Pick<StewardApi, 'request' | 'output'>;
  readonly #sink: OutputSink;
  readonly #onLost: (node: string, lostBytes: number) => void;
  readonly #joiners = new Map<string, OutputJoiner>();
  #isWhole = true;

  /** `onLost` hears of bytes that the node does not keep any more. */
  constructor(
    api: Pick<StewardApi, 'request' | 'output'>,
    sink: OutputSink,
    onLost: (node: string, lostBytes: number) => void,
  ) {
    this.#api = api;
    this.#sink = sink;
    this.#onLost = onLost;
  }

  /** Takes a piece that arrived while the request runs. */
  async piece(request: { readonly id: string; readonly node: string }, piece: Piece): Promise<void> {
    const joiner = this.#joinerOf(request.id);
    if (joiner.hasGapBefore(piece)) await this.#fetch(request, piece.stream);
    const data = joiner.take(piece);
    if (data.length > 0) await this.#sink.piece(request.node, piece.stream, data);
  }

  /** Takes a piece as an event has it. */
  readonly event = (event: Extract<ApiEvent, { type: 'output' }>): Promise<void> =>
    this.piece(event, { ...event, data: Buffer.from(event.data, 'base64') });

  /** To be called when live output may have been missed: from then on the node is asked for what was not told. */
  readonly missed = (): void => {
    this.#isWhole = false;
  };

  /** Completes a request's output, once the request has ended. That it has may be read before its last piece is told. */
  async finish(request: RequestSummary): Promise<void> {
    const { id, node, outputBytes, stderrBytes } = request;
    const joiner = this.#joinerOf(id);
    const isComplete =
      this.#isWhole &&
      joiner.next('stdout') >= (outputBytes ?? 0) &&
      joiner.next('stderr') >= (stderrBytes ?? 0);
    if (!isComplete) for (const stream of ['stdout', 'stderr'] as const) await this.#fetch(request, stream);
    await this.#sink.end(node);
  }

  async #fetch(
    { id, node }: { readonly id: string; readonly node: string },
    stream: Piece['stream'],
  ): Promise<void> {
    const joiner = this.#joinerOf(id);
    const from = joiner.next(stream);
    const { data, totalBytes } = await this.#readKept(id, stream, from);
    const lostBytes = Math.max(0, totalBytes - from - data.length);
    if (lostBytes > 0) this.#onLost(node, lostBytes);
    const fresh = joiner.take({ stream, offset: from + lostBytes, data });
    if (fresh.length > 0) await this.#sink.piece(node, stream, fresh);
  }

  /**
   * What is kept of a stream up to where it ended when its length was asked: what came between the two questions must neither
   * look lost nor stand for what is.
   */
  async #readKept(
    id: string,
    stream: Piece['stream'],
    from: number,
  ): Promise<{ readonly data: Uint8Array; readonly totalBytes: number }> {
    const { totalBytes } = (await this.#api.request(id))[stream];
    return { data: await this.#api.output(id, { stream, from, to: totalBytes }), totalBytes };
  }

  #joinerOf(id: string): OutputJoiner {
    const known = this.#joiners.get(id);
    if (known !== undefined) return known;
    const joiner = new OutputJoiner();
    this.#joiners.set(id, joiner);
    return joiner;
  }
}
