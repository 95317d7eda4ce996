import type { NodeAnswer } from '../../contract/fold-answers.ts';
import type { OutputSummary, RequestDetail, RequestSummary } from '../../contract/requests.ts';
import { printable } from '../views/printable.ts';
import type { WebApi } from './web-api.ts';

const STREAMS = ['stdout', 'stderr'] as const;
type Stream = (typeof STREAMS)[number];
type Outputs = Readonly<Record<Stream, Uint8Array>>;
type Read = Pick<WebApi, 'output'>;

const NOTHING = { stdout: new Uint8Array(), stderr: new Uint8Array() };
/** What was read of the request that was shown last: it only grows. */
let known: { readonly id: string; readonly outputs: Outputs } = { id: '', outputs: NOTHING };

/** What a request printed; what was read before is not read again. Throws WebError. */
export async function readOutput(detail: Pick<RequestDetail, 'id' | Stream>, api: Read): Promise<Outputs> {
  const { id } = detail;
  const before = known.id === id ? known.outputs : NOTHING;
  const [stdout, stderr] = await Promise.all(
    STREAMS.map((stream) => grown({ id, stream, before: before[stream], now: detail[stream] }, api)),
  );
  const outputs = { stdout: stdout!, stderr: stderr! };
  known = { id, outputs };
  return outputs;
}

interface Growing {
  readonly id: string;
  readonly stream: Stream;
  readonly before: Uint8Array;
  readonly now: OutputSummary;
}

async function grown({ id, stream, before, now }: Growing, api: Read): Promise<Uint8Array> {
  const { keptBytes, totalBytes } = now;
  if (totalBytes === 0) return NOTHING[stream];
  // Where the node has let go of the beginning, places are those of what it keeps no more.
  if (keptBytes < totalBytes || before.length === 0) return await api.output(id, { stream });
  if (totalBytes <= before.length) return before;
  const more = await api.output(id, { stream, from: before.length });
  const whole = new Uint8Array(before.length + more.length);
  whole.set(before);
  whole.set(more, before.length);
  return whole;
}

/** Of how many requests that run it is shown what they print. */
const MOST_GOING = 10;

/** What the first requests of a page that have not ended have printed so far. Throws WebError. */
export async function readGoing(requests: readonly RequestSummary[], api: Read): Promise<NodeAnswer[]> {
  const going = requests.filter(({ state }) => state === 'running').slice(0, MOST_GOING);
  const read = await Promise.all(
    going.map(async ({ id, node, state }) => {
      const [stdout, stderr] = await Promise.all(STREAMS.map((stream) => api.output(id, { stream })));
      return { node, end: state, stdout: lastOf(stdout!), stderr: lastOf(stderr!) };
    }),
  );
  return read.filter(({ stdout, stderr }) => stdout + stderr !== '');
}

/** More of it is on the page of the request. */
const LAST_BYTES = 4000;

function lastOf(bytes: Uint8Array): string {
  return printable(bytes.subarray(-LAST_BYTES));
}
