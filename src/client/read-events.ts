import type { ApiEvent } from '../contract/events.ts';

/** The events in a stream of server-sent events; `lastWord` is the node's last comment, where it said why it ended. */
export async function* readEvents(
  stream: AsyncIterable<Uint8Array>,
  onComment: (text: string) => void,
): AsyncGenerator<ApiEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of stream) {
    const frames = (rest + decoder.decode(piece, { stream: true })).split('\n\n');
    rest = frames.pop()!;
    for (const frame of frames) {
      const event = readFrame(frame, onComment);
      if (event !== undefined) yield event;
    }
  }
}

function readFrame(frame: string, onComment: (text: string) => void): ApiEvent | undefined {
  let type: string | undefined;
  let data = '';
  for (const line of frame.split('\n')) {
    if (line.startsWith('event: ')) type = line.slice('event: '.length);
    else if (line.startsWith('data: ')) data += line.slice('data: '.length);
    else if (line.startsWith(': ')) onComment(line.slice(2));
  }
  return type === undefined ? undefined : ({ type, ...(JSON.parse(data) as object) } as ApiEvent);
}
